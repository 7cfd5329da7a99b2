/**
 * A read that takes longer than nearly all of late is sent to another owner as well, and the first answer counts: one
 * node that pauses, or a lost packet, costs a read a moment and not its deadline. Writes are not hedged.
 *
 * So few are hedged that the nodes do not feel it: a twentieth of reads on average, and none before there is a latency to
 * compare with. A read that two owners are asked for can help itself if one of them answered, and is watched from the first on.
 */
import type { Contact } from '../attempts/endpoint-pool.js';
import { channels, type HedgeEvent } from '../diagnostics.js';
import {
  hedgeBurstMax,
  hedgeDelayMsFirst,
  hedgeDelayMsMin,
  hedgeLatencyShare,
  hedgeSamplesMin,
  hedgeShareMax,
} from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import { LatencyHistogram } from './latency-histogram.js';

/** A read that may be hedged. */
export interface HedgedRead {
  readonly key: Buffer;
  readonly contact: Contact | undefined;
  readonly beganAtMs: number;
  /** Its place in the list of those that are watched, negative if it is not in it. Of `Hedges` alone. */
  watchedAt: number;
  /** It is sent to two owners already, which may not be enough. */
  readonly isCompared: boolean;
  /** @returns whether it has turned to somebody by itself */
  tookLong(nowMs: number): boolean;
  hedge(contact: Contact): void;
}

export interface HedgePorts {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Another owner of the key, if one is known to answer. */
  readonly another: (key: Buffer, than: Contact) => Contact | undefined;
}

/** Every so many reads are measured. */
const measuredOneOf = 8;

export class Hedges {
  readonly #isOn: boolean;
  readonly #ports: HedgePorts;
  readonly #latency = new LatencyHistogram();
  /**
   * In the order in which they began, and none in place of one that is over: at a collection of garbage those would count as
   * alive, and be several times as many as are under way.
   */
  #watched: (HedgedRead | undefined)[] = [];
  #underWay = 0;
  #budget = 0;
  #answers = 0;
  #delayMs = hedgeDelayMsFirst;
  #cancelTimer: (() => void) | undefined;

  constructor({ isOn }: { readonly isOn: boolean }, ports: HedgePorts) {
    this.#isOn = isOn;
    this.#ports = ports;
  }

  /** It was sent. */
  watch(read: HedgedRead): void {
    if (!this.#isOn) return;
    this.#underWay += 1;
    this.#budget = Math.min(hedgeBurstMax, this.#budget + hedgeShareMax);
    if (this.#latency.samples < hedgeSamplesMin && !read.isCompared) return;
    this.#watchFor(this.#delayMs, read);
  }

  /** It is over, well or not. */
  over(read: HedgedRead, isAnswered: boolean): void {
    if (!this.#isOn) return;
    if (read.watchedAt >= 0) this.#watched[read.watchedAt] = undefined;
    read.watchedAt = -1;
    this.#underWay -= 1;
    if (this.#underWay === 0) this.#rest();
    if (!isAnswered) return;
    this.#answers += 1;
    if (this.#answers % measuredOneOf !== 0 && this.#latency.samples >= hedgeSamplesMin) return;
    this.#latency.record(this.#ports.clock.monotonicMs() - read.beganAtMs);
    if (this.#answers % (measuredOneOf * measuredOneOf) === 0) {
      this.#delayMs = Math.max(hedgeDelayMsMin, this.#latency.quantileMs(hedgeLatencyShare));
    }
  }

  readonly #look = (): void => {
    this.#cancelTimer = undefined;
    const nowMs = this.#ports.clock.monotonicMs();
    const watched = this.#watched;
    this.#watched = [];
    for (const read of watched) {
      if (read === undefined) continue;
      read.watchedAt = -1;
      const leftMs = read.beganAtMs + this.#delayMs - nowMs;
      if (leftMs > 0) this.#watchFor(leftMs, read);
      else if (!read.tookLong(nowMs) && read.contact !== undefined) this.#hedge(read, read.contact);
    }
  };

  #watchFor(delayMs: number, read: HedgedRead): void {
    read.watchedAt = this.#watched.length;
    this.#watched.push(read);
    this.#cancelTimer ??= this.#ports.timers.after(Math.max(1, delayMs), this.#look);
  }

  #hedge(read: HedgedRead, contact: Contact): void {
    if (this.#budget < 1) return;
    const other = this.#ports.another(read.key, contact);
    if (other === undefined) return;
    this.#budget -= 1;
    if (channels.hedge.hasSubscribers) {
      const event: HedgeEvent = { key: read.key, from: contact.endpoint, to: other.endpoint };
      channels.hedge.publish(event);
    }
    read.hedge(other);
  }

  #rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#watched = [];
  }
}
