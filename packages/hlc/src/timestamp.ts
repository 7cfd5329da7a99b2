import { InvalidArgumentError } from './errors.js';
import { epochUnixMs, physicalMsMax, timestampsPerMs } from './limits.js';

/**
 * A moment of hybrid logical time in one safe integer: milliseconds since 2020-01-01 in the upper 41 bits, a counter in the
 * lower 12. Comparing two is `<`; as a `fixed64` on the wire it needs no BigInt.
 */
export type Timestamp = number & { readonly __brand: 'Timestamp' };

/** Before every timestamp that a clock issues. */
export const zeroTimestamp = 0 as Timestamp;
/** After every timestamp that a clock issues; 2089-09-06. */
export const maxTimestamp = Number.MAX_SAFE_INTEGER as Timestamp;

const { floor } = Math;
const { isSafeInteger } = Number;

/** Whether `value` is a timestamp. Ask it of every number that comes from outside: a wire or a file can carry anything. */
export function isTimestamp(value: unknown): value is Timestamp {
  return isSafeInteger(value) && (value as number) >= 0;
}

/** `value`, checked. @throws TypeError if it is no number, InvalidArgumentError if no timestamp. */
export function checkedTimestamp(value: unknown): Timestamp {
  if (isTimestamp(value)) return value;
  throw badTimestamp(value);
}

/**
 * The timestamp of a wall clock reading.
 * @param unixMs Unix milliseconds from 2020-01-01 to 2089-09-06; a fraction is cut off.
 * @param counter 0 to 4,095: the how-manieth of its millisecond.
 * @throws TypeError, InvalidArgumentError
 */
export function timestampOf(unixMs: number, counter = 0): Timestamp {
  const ms = floor(checkedNumber(unixMs, 'unixMs')) - epochUnixMs;
  if (!(ms >= 0 && ms <= physicalMsMax)) {
    throw new InvalidArgumentError(`unixMs must lie from 2020-01-01 to 2089-09-06, got ${unixMs}`);
  }
  checkedNumber(counter, 'counter');
  if (!(isSafeInteger(counter) && counter >= 0 && counter < timestampsPerMs)) {
    throw new InvalidArgumentError(
      `counter must be an integer from 0 to ${timestampsPerMs - 1}, got ${counter}`,
    );
  }
  return (ms * timestampsPerMs + counter) as Timestamp;
}

/** Its wall clock part, Unix milliseconds. */
export function physicalMs(timestamp: Timestamp): number {
  return floor(timestamp / timestampsPerMs) + epochUnixMs;
}

/** Its counter, 0 to 4,095. */
export function counterOf(timestamp: Timestamp): number {
  return timestamp % timestampsPerMs;
}

/**
 * The timestamp `ms` milliseconds later, or earlier if negative, with the same counter; a fraction is cut off (towards earlier).
 * @throws TypeError, InvalidArgumentError also if the result would lie outside 2020-01-01 to 2089-09-06.
 */
export function plusMs(timestamp: Timestamp, ms: number): Timestamp {
  const sum = checkedTimestamp(timestamp) + floor(checkedNumber(ms, 'ms')) * timestampsPerMs;
  if (isTimestamp(sum)) return sum;
  throw new InvalidArgumentError(`${timestamp} plus ${ms} ms is outside 2020-01-01 to 2089-09-06`);
}

function checkedNumber(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  throw new TypeError(`${name} must be a number, got ${typeof value}`);
}

function badTimestamp(value: unknown): Error {
  if (typeof value !== 'number') return new TypeError(`a timestamp is a number, got ${typeof value}`);
  return new InvalidArgumentError(`a timestamp is an integer from 0 to 2^53 - 1, got ${value}`);
}
