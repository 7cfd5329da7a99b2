import { ClockDriftError } from './errors.js';
import { epochUnixMs, physicalMsMax } from './limits.js';

/** The port this package consumes. Whole or fractional milliseconds. */
export interface WallClock {
  /** Unix milliseconds; may jump either way. */
  nowMs(): number;
}

/** The port of what must tell a wall clock that jumped from time that passed. */
export interface Clock extends WallClock {
  /** Milliseconds since some fixed moment; never goes back. */
  monotonicMs(): number;
}

const { floor } = Math;
const { isFinite } = Number;

/**
 * The wall clock in whole milliseconds since 2020-01-01.
 * @throws ClockDriftError if it reads before 2020 or after 2089-09-06: a dead battery, a date set by mistake. A stamp made
 * then would lose to, or win over, everything.
 * @throws TypeError if the port returns something other than a finite number.
 */
export function wallMsSinceEpoch(clock: WallClock): number {
  const ms = floor(clockReading(clock.nowMs(), 'nowMs')) - epochUnixMs;
  if (ms < 0 || ms > physicalMsMax) throw wallClockOutOfRange(ms + epochUnixMs);
  return ms;
}

/** A reading as it came from the port. @throws TypeError for anything but a finite number. */
export function clockReading(reading: unknown, name: string): number {
  // NaN is what arithmetic on a missing field gives; every comparison with it is false, so no later check would see it.
  if (isFinite(reading)) return reading as number;
  throw new TypeError(
    `the clock's ${name}() must return a number of milliseconds, it returned ${String(reading)}`,
  );
}

function wallClockOutOfRange(unixMs: number): ClockDriftError {
  return new ClockDriftError(
    `the wall clock reads ${unixMs} ms after 1970, outside 2020-01-01 to 2089-09-06; set the machine's clock`,
  );
}
