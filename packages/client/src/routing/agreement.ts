/**
 * Which reads two owners are likely to agree on. A write reaches one owner after the other, so for a moment they show
 * different records, and who compares them has asked in vain. This client knows what it wrote itself; where many reads meet
 * what others write, or what was just written, none compares for a while, since then those that do only split messages.
 */
import {
  comparedReadsVainMax,
  comparingRestsForReads,
  comparingSampleReads,
  hotKeySlots,
  settlingMs,
} from '../limits.js';

export class Agreement {
  /** Of each slot, in whole milliseconds of which the lower 32 bits are kept. */
  readonly #writtenAtMs = new Uint32Array(hotKeySlots);
  /** Of the sample that is being taken. */
  #reads = 0;
  #vainReads = 0;
  /** So many reads do not compare. */
  #restsFor = 0;

  /** @param nowMs by the monotonic clock, here and below */
  written(slot: number, nowMs: number): void {
    this.#writtenAtMs[slot] = Math.floor(nowMs);
  }

  /** Asked once for each read that could compare, since it counts them. */
  isLikely(slot: number, nowMs: number): boolean {
    if (this.#restsFor > 0) {
      this.#restsFor -= 1;
      return false;
    }
    this.#sample();
    const sinceMs = (Math.floor(nowMs) - this.#writtenAtMs[slot]!) >>> 0;
    if (sinceMs >= settlingMs) return true;
    this.#vainReads += 1;
    return false;
  }

  /** Of a read that compared: it was in vain. */
  refuted(): void {
    // What was under way when the rest began says nothing of what follows it.
    if (this.#restsFor === 0) this.#vainReads += 1;
  }

  #sample(): void {
    this.#reads += 1;
    if (this.#reads < comparingSampleReads) return;
    if (this.#vainReads > comparedReadsVainMax) this.#restsFor = comparingRestsForReads;
    this.#reads = 0;
    this.#vainReads = 0;
  }
}
