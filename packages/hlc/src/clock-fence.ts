import { clockReading, type Clock, type WallClock } from './clock.js';
import { ClockDriftError } from './errors.js';
import { slewPartsPerMillionMax, stableOffsetMs, voteEveryMs } from './limits.js';
import { checkedMaxDriftMs } from './options.js';
import { PeerClocks, type PeerObservation } from './peer-clocks.js';

/**
 * Decides whether this machine's wall clock may be trusted to stamp writes.
 *
 * The drift bound of the hybrid logical clock measures everything against the local wall clock. If that one is wrong it
 * lets the wrong timestamps in, its own first of all, and an acknowledged write then loses to an older one, or wins for
 * hours. So the fence watches the *offset* (wall clock minus monotonic clock), which stands still on a sound machine:
 *
 * - `jumped`: the offset moved by more than half of `maxDriftMs`. Somebody set the clock, or the machine slept, during
 *   which the monotonic clock of most systems stands still. The fence cannot tell these apart, so it waits for evidence:
 *   the offset coming back; or, of the peers heard *since* the jump, a majority agreeing with the new time; or, if no peer
 *   was ever heard, ten steady seconds. A machine that slept is therefore back as soon as it spoke with its peers.
 * - `disagrees`: more than half of all known peers read a time more than `maxDriftMs` away from ours. Silent peers count
 *   as known: with one of two peers down, the other alone must not be able to fence us, for we fence it as well.
 *
 * The offset we compare with follows the real one slowly (NTP slews, crystals differ), slower than any jump.
 * A core: it reads the clock and decides. The owner calls `sample()` every second or so (at
 * least every minute) and asks peers for their time.
 *
 * It is a wall clock itself, the one to give to `createHybridLogicalClock`. On the bare clock one reading taken during a
 * jump forward would be merged, and after the jump was undone every timestamp would lie that far ahead, for hours.
 */
export interface ClockFence extends WallClock {
  /** Unix milliseconds as far as they are trusted: while `jumped`, the time before the jump carried on. */
  nowMs(): number;
  /** Looks at the clocks. `verdict()` does so too; a jump forth and back in between goes unseen and harms nobody. */
  sample(): void;
  /** Tells what a peer's wall clock read. @throws TypeError, InvalidArgumentError if the observation makes no sense. */
  observePeer(observation: PeerObservation): void;
  /** A member left the cluster: it has no say any more. */
  forgetPeer(member: number): void;
  /** Samples, then judges. Anything but `ok`: refuse to stamp, nothing was applied. */
  verdict(): ClockVerdict;
}

export type ClockVerdict = 'ok' | 'jumped' | 'disagrees';

export interface ClockFenceOptions {
  /** How far clocks may be apart, milliseconds. Default 500; 10 to 3,600,000. */
  readonly maxDriftMs?: number | undefined;
}

export interface ClockFencePorts {
  readonly clock: Clock;
}

/** @throws TypeError, InvalidArgumentError for options out of range. */
export function createClockFence(options: ClockFenceOptions, ports: ClockFencePorts): ClockFence {
  return new OffsetFence(checkedMaxDriftMs(options.maxDriftMs), ports.clock);
}

interface Jump {
  /** The offset after the jump; follows the real one slowly. */
  offsetMs: number;
  readonly sinceMonotonicMs: number;
}

const { abs, max, min } = Math;

class OffsetFence implements ClockFence {
  readonly #clock: Clock;
  readonly #jumpMsMax: number;
  readonly #peers: PeerClocks;
  /** The offset last believed. */
  #trustedOffsetMs: number;
  /** Present from the moment the offset left the bound until it is back or the new one is believed. */
  #jump: Jump | undefined;
  #disagrees = false;
  #voteDueMs = 0;

  // The latest sample. The monotonic clock is read before and after the wall clock: if the process was held up between
  // them, the offset is only known to lie in this interval, and a pause is not mistaken for a jump.
  #monotonicMs: number;
  #offsetMsMin = 0;
  #offsetMsMax = 0;

  constructor(maxDriftMs: number, clock: Clock) {
    this.#clock = clock;
    this.#jumpMsMax = maxDriftMs / 2;
    this.#peers = new PeerClocks(maxDriftMs);
    this.#monotonicMs = clockReading(clock.monotonicMs(), 'monotonicMs');
    this.#readClocks();
    this.#trustedOffsetMs = (this.#offsetMsMin + this.#offsetMsMax) / 2;
  }

  sample(): void {
    const elapsedMs = this.#readClocks();
    const trusted = this.#trustedOffsetMs;
    const offset = this.#offsetNear(trusted);
    if (abs(offset - trusted) <= this.#jumpMsMax) {
      this.#jump = undefined;
      this.#trustedOffsetMs = followed(trusted, offset, elapsedMs);
    } else {
      this.#sampleJumped(elapsedMs);
    }
    if (this.#monotonicMs >= this.#voteDueMs) this.#vote();
  }

  nowMs(): number {
    const wall = this.#clock.nowMs();
    const offset = wall - this.#clock.monotonicMs();
    if (this.#jump === undefined && abs(offset - this.#trustedOffsetMs) <= this.#jumpMsMax) return wall;
    this.sample();
    return this.#jump === undefined ? this.#clock.nowMs() : this.#monotonicMs + this.#trustedOffsetMs;
  }

  observePeer(observation: PeerObservation): void {
    this.sample(); // a jump while the answer travelled makes the observation worthless
    this.#peers.observe(observation, this.#monotonicMs);
    this.#vote();
  }

  forgetPeer(member: number): void {
    this.#peers.forget(member);
    this.#voteDueMs = this.#monotonicMs;
  }

  verdict(): ClockVerdict {
    this.sample();
    if (this.#jump !== undefined) return 'jumped';
    return this.#disagrees ? 'disagrees' : 'ok';
  }

  #sampleJumped(elapsedMs: number): void {
    const jump = this.#jump;
    const offset = this.#offsetNear(jump?.offsetMs ?? this.#trustedOffsetMs);
    if (jump === undefined || abs(offset - jump.offsetMs) > this.#jumpMsMax) {
      this.#jump = { offsetMs: offset, sinceMonotonicMs: this.#monotonicMs };
      this.#peers.dropSamples(this.#monotonicMs);
      this.#vote();
    } else {
      jump.offsetMs = followed(jump.offsetMs, offset, elapsedMs);
      const stable = this.#monotonicMs - jump.sinceMonotonicMs >= stableOffsetMs;
      if (stable && this.#peers.known === 0) this.#believe(offset);
    }
  }

  #vote(): void {
    this.#voteDueMs = this.#monotonicMs + voteEveryMs;
    const offset = this.#offsetNear(this.#jump?.offsetMs ?? this.#trustedOffsetMs);
    const { sampled, agreeing, disagreeing } = this.#peers.poll(offset, this.#monotonicMs);
    this.#disagrees = disagreeing > this.#peers.known / 2;
    if (this.#jump !== undefined && agreeing > sampled / 2) this.#believe(offset);
  }

  #believe(offsetMs: number): void {
    this.#trustedOffsetMs = offsetMs;
    this.#jump = undefined;
  }

  /** The offset closest to `reference` that the latest sample leaves possible. */
  #offsetNear(reference: number): number {
    return min(max(reference, this.#offsetMsMin), this.#offsetMsMax);
  }

  /** Returns the milliseconds passed since the sample before. */
  #readClocks(): number {
    const before = clockReading(this.#clock.monotonicMs(), 'monotonicMs');
    const wall = clockReading(this.#clock.nowMs(), 'nowMs');
    const after = clockReading(this.#clock.monotonicMs(), 'monotonicMs');
    const elapsedMs = after - this.#monotonicMs;
    if (before < this.#monotonicMs || after < before) {
      throw new ClockDriftError(
        "the clock's monotonicMs() went back; without it a jump of the wall clock goes unseen",
      );
    }
    this.#offsetMsMin = wall - after;
    this.#offsetMsMax = wall - before;
    this.#monotonicMs = after;
    return elapsedMs;
  }
}

/** `reference` moved towards `offset`, at most as fast as sound clocks slide. */
function followed(reference: number, offset: number, elapsedMs: number): number {
  const step = (elapsedMs * slewPartsPerMillionMax) / 1_000_000;
  return reference + min(max(offset - reference, -step), step);
}
