import { InvalidArgumentError } from './errors.js';
import { memberMax, peerSampleFreshMs } from './limits.js';

/** What a peer's wall clock read, and when we asked. */
export interface PeerObservation {
  /** The peer's member number, 1 to 65,535. */
  readonly member: number;
  /** Its wall clock when it answered, Unix milliseconds. */
  readonly peerWallMs: number;
  /** Our monotonic clock when the question left. */
  readonly sentAtMonotonicMs: number;
  /** Our monotonic clock when the answer came. */
  readonly receivedAtMonotonicMs: number;
}

export interface Poll {
  /** Peers with a fresh sample. */
  readonly sampled: number;
  readonly agreeing: number;
  readonly disagreeing: number;
}

/**
 * The peers' wall clocks against our monotonic one.
 *
 * A peer read its clock at some moment between our question and its answer, so one observation bounds the offset of its
 * wall clock against our monotonic clock: from peerWall - receivedAt to peerWall - sentAt. It agrees with an offset only
 * if the whole interval is within the bound, and disagrees only if all of it is outside: a slow answer proves neither.
 */
export class PeerClocks {
  readonly #maxDriftMs: number;
  /** Every peer ever heard and not forgotten; undefined while it has no sample that counts. At most one per member. */
  readonly #samples = new Map<number, Sample | undefined>();
  /** Questions sent before this moment count for nothing. */
  #validFromMs = Number.NEGATIVE_INFINITY;

  constructor(maxDriftMs: number) {
    this.#maxDriftMs = maxDriftMs;
  }

  get known(): number {
    return this.#samples.size;
  }

  /** @throws TypeError, InvalidArgumentError; nothing was taken in then. */
  observe(observation: PeerObservation, nowMonotonicMs: number): void {
    check(observation, nowMonotonicMs);
    const { member, peerWallMs, sentAtMonotonicMs, receivedAtMonotonicMs } = observation;
    const newest = this.#samples.get(member);
    // Kept even if the sample counts for nothing: from now on the peer is known.
    this.#samples.set(member, newest);
    if (sentAtMonotonicMs < this.#validFromMs) return;
    if (newest !== undefined && newest.receivedAtMs > receivedAtMonotonicMs) return;
    this.#samples.set(member, {
      offsetMsMin: peerWallMs - receivedAtMonotonicMs,
      offsetMsMax: peerWallMs - sentAtMonotonicMs,
      receivedAtMs: receivedAtMonotonicMs,
    });
  }

  forget(member: number): void {
    this.#samples.delete(member);
  }

  /** The monotonic clock may have stood still for an unknown time: what was heard before, or asked before, is void. */
  dropSamples(nowMonotonicMs: number): void {
    this.#validFromMs = nowMonotonicMs;
    for (const member of this.#samples.keys()) this.#samples.set(member, undefined);
  }

  poll(offsetMs: number, nowMonotonicMs: number): Poll {
    let sampled = 0;
    let agreeing = 0;
    let disagreeing = 0;
    for (const sample of this.#samples.values()) {
      if (sample === undefined || nowMonotonicMs - sample.receivedAtMs > peerSampleFreshMs) continue;
      sampled += 1;
      const aheadMsMin = sample.offsetMsMin - offsetMs;
      const aheadMsMax = sample.offsetMsMax - offsetMs;
      if (aheadMsMin > this.#maxDriftMs || aheadMsMax < -this.#maxDriftMs) disagreeing += 1;
      else if (aheadMsMin >= -this.#maxDriftMs && aheadMsMax <= this.#maxDriftMs) agreeing += 1;
    }
    return { sampled, agreeing, disagreeing };
  }
}

interface Sample {
  readonly offsetMsMin: number;
  readonly offsetMsMax: number;
  readonly receivedAtMs: number;
}

function check(observation: PeerObservation, nowMonotonicMs: number): void {
  const { member, peerWallMs, sentAtMonotonicMs, receivedAtMonotonicMs } = observation;
  for (const value of [member, peerWallMs, sentAtMonotonicMs, receivedAtMonotonicMs] as unknown[]) {
    if (typeof value !== 'number')
      throw new TypeError(`an observation is made of numbers, got ${typeof value}`);
    if (!Number.isFinite(value))
      throw new InvalidArgumentError(`an observation is made of finite numbers, got ${value}`);
  }
  if (!Number.isInteger(member) || member < 1 || member > memberMax) {
    throw new InvalidArgumentError(`a member number is an integer from 1 to ${memberMax}, got ${member}`);
  }
  if (sentAtMonotonicMs > receivedAtMonotonicMs || receivedAtMonotonicMs > nowMonotonicMs) {
    throw new InvalidArgumentError('an observation is sent before it is received, and received before now');
  }
}
