import { wallMsSinceEpoch, type WallClock } from './clock.js';
import { ClockDriftError } from './errors.js';
import { timestampsPerMs } from './limits.js';
import { checkedMaxDriftMs } from './options.js';
import { checkedTimestamp, isTimestamp, maxTimestamp, zeroTimestamp, type Timestamp } from './timestamp.js';

/**
 * A hybrid logical clock: timestamps that follow the wall clock where they can and causality where they must.
 * Kulkarni, Demirbas, Madappa, Avva and Leone, "Logical Physical Clocks", OPODIS 2014.
 *
 * The paper keeps a physical part and a counter and updates them case by case. Both are one integer here, so every case
 * becomes "the larger of the wall clock and newest + 1": a full counter carries into the physical part by itself.
 *
 * What it promises:
 * - `now()` is above every timestamp that this clock issued, received or read before, whatever the wall clock does.
 * - A remote timestamp more than `maxDriftMs` ahead of the wall clock is refused before it is merged. Merged, one wrong
 *   clock would drag every clock of the cluster along, for good.
 * - The same across restarts, if no timestamp above `ceiling()` leaves the process. Memory is lost, so a bound ahead of
 *   what was issued is made durable now and then, and a new life begins above it.
 *
 * It does no I/O. The owner asks `ceilingDue()`, makes that durable, and says so with `ceilingPersisted()`.
 */
export interface HybridLogicalClock {
  /**
   * Issues a timestamp: strictly increasing, at or ahead of the wall clock. Never blocks or waits.
   * After a wall clock was set far back it lies ahead of it; `admits()` tells whether peers would take it.
   * @throws ClockDriftError if the wall clock reads before 2020 or after 2089-09-06.
   */
  now(): Timestamp;
  /**
   * Merges a timestamp seen elsewhere: every later `now()` is above it.
   * @throws ClockDriftError if it is more than `maxDriftMs` ahead of the wall clock; nothing was merged.
   */
  receive(remote: Timestamp): void;
  /** Whether `receive(remote)` would merge it. */
  admits(remote: Timestamp): boolean;
  /** A reading: the newest timestamp known or the wall clock, whichever is later. Issues nothing; every later `now()` is above it. */
  current(): Timestamp;
  /**
   * After a restart, how long to wait before the first `now()`, in milliseconds: until the wall clock is within half of
   * `maxDriftMs` of the ceiling. Stamped sooner, timestamps would lie so far ahead that peers refuse them. 0 = go ahead.
   */
  readyInMs(): number;
  /**
   * The ceiling to make durable now, or undefined while the newest timestamp issued is more than half a step below the
   * durable one. A step is half of `maxDriftMs`. It stays due until `ceilingPersisted`: do not start a second write of it.
   */
  ceilingDue(): Timestamp | undefined;
  /** Tells that `ceiling` is durable. Calls may come in any order; the largest counts. */
  ceilingPersisted(ceiling: Timestamp): void;
  /** The durable ceiling. A timestamp above it must not leave the process: after a crash it would be issued again. */
  ceiling(): Timestamp;
}

export interface HybridLogicalClockOptions {
  /** How far ahead of the wall clock a remote timestamp may lie, milliseconds. Default 500; 10 to 3,600,000. */
  readonly maxDriftMs?: number | undefined;
  /** The durable ceiling of the life before this one. Default: none, a new data directory. */
  readonly ceiling?: Timestamp | undefined;
}

export interface HybridLogicalClockPorts {
  readonly clock: WallClock;
}

/** @throws TypeError, InvalidArgumentError for options out of range. */
export function createHybridLogicalClock(
  options: HybridLogicalClockOptions,
  ports: HybridLogicalClockPorts,
): HybridLogicalClock {
  return new SingleIntegerClock(options, ports.clock);
}

const { ceil, floor, max, min } = Math;

/** A class: V8 updates number fields in place, where a closure's variables are boxed anew on every stamp. */
class SingleIntegerClock implements HybridLogicalClock {
  readonly #clock: WallClock;
  readonly #maxDriftMs: number;
  /** How far a ceiling lies ahead of what was issued, in timestamps. */
  readonly #ceilingStep: number;
  readonly #ceilingAtStart: Timestamp;
  /** The newest timestamp issued, received or read. Never decreases. */
  #newest: number;
  /** The newest timestamp issued in this life; 0 before the first. At most `#newest`. */
  #issued = 0;
  #ceiling: Timestamp;

  constructor(options: HybridLogicalClockOptions, clock: WallClock) {
    this.#clock = clock;
    this.#maxDriftMs = checkedMaxDriftMs(options.maxDriftMs);
    this.#ceilingStep = floor((this.#maxDriftMs * timestampsPerMs) / 2);
    this.#ceilingAtStart = checkedTimestamp(options.ceiling ?? zeroTimestamp);
    this.#newest = this.#ceilingAtStart;
    this.#ceiling = this.#ceilingAtStart;
  }

  now(): Timestamp {
    const wall = wallMsSinceEpoch(this.#clock) * timestampsPerMs;
    const next = wall > this.#newest ? wall : this.#newest + 1;
    if (!isTimestamp(next))
      throw new ClockDriftError('no timestamp is left: the clock is at its end, in 2089');
    this.#newest = next;
    this.#issued = next;
    return next;
  }

  receive(remote: Timestamp): void {
    const aheadMs = this.#aheadMs(remote);
    if (aheadMs > this.#maxDriftMs) throw tooFarAhead(aheadMs, this.#maxDriftMs);
    if (remote > this.#newest) this.#newest = remote;
  }

  admits(remote: Timestamp): boolean {
    return this.#aheadMs(remote) <= this.#maxDriftMs;
  }

  current(): Timestamp {
    const wall = wallMsSinceEpoch(this.#clock) * timestampsPerMs;
    if (wall > this.#newest) this.#newest = wall;
    return this.#newest as Timestamp;
  }

  readyInMs(): number {
    const wall = wallMsSinceEpoch(this.#clock) * timestampsPerMs;
    return max(0, ceil((this.#ceilingAtStart - this.#ceilingStep - wall) / timestampsPerMs));
  }

  ceilingDue(): Timestamp | undefined {
    if (this.#issued === 0 || this.#issued + this.#ceilingStep / 2 < this.#ceiling) return undefined;
    return min(this.#issued + this.#ceilingStep, maxTimestamp) as Timestamp;
  }

  ceilingPersisted(ceiling: Timestamp): void {
    if (checkedTimestamp(ceiling) > this.#ceiling) this.#ceiling = ceiling;
  }

  ceiling(): Timestamp {
    return this.#ceiling;
  }

  /** How far a timestamp lies ahead of the wall clock, in whole milliseconds; negative if behind. */
  #aheadMs(remote: Timestamp): number {
    return floor(checkedTimestamp(remote) / timestampsPerMs) - wallMsSinceEpoch(this.#clock);
  }
}

function tooFarAhead(aheadMs: number, maxDriftMs: number): ClockDriftError {
  return new ClockDriftError(
    `a timestamp lies ${aheadMs} ms ahead of this machine's clock, more than the ${maxDriftMs} ms allowed; compare the clocks`,
  );
}
