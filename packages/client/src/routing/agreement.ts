/**
 * Which reads two owners are likely to agree on. A write reaches one owner after the other, so for a moment they show
 * different records, and who compares them has asked in vain. This client knows what it wrote itself; where many reads meet
 * what others write, or what was just written, none compares for a while.
 */
import { hotKeySlots, settlingMs } from '../limits.js';
import { Trial } from './trial.js';

export class Agreement {
  /** Of each slot, in whole milliseconds of which the lower 32 bits are kept. */
  readonly #writtenAtMs = new Uint32Array(hotKeySlots);
  readonly #trial = new Trial();

  /** Nobody asks about it for a while: what is read was just written, much of it. */
  get isUnlikely(): boolean {
    return this.#trial.rests;
  }

  /** @param nowMs by the monotonic clock, here and below */
  written(slot: number, nowMs: number): void {
    this.#writtenAtMs[slot] = Math.floor(nowMs);
  }

  /** The two owners that would be compared now were given the write, and no other of the slot is under way. */
  settled(slot: number, nowMs: number): void {
    this.#writtenAtMs[slot] = Math.floor(nowMs) - settlingMs;
  }

  /** Asked once for each read that could compare, since it counts them. */
  isLikely(slot: number, nowMs: number): boolean {
    if (!this.#trial.isWorthIt()) return false;
    const sinceMs = (Math.floor(nowMs) - this.#writtenAtMs[slot]!) >>> 0;
    if (sinceMs >= settlingMs) return true;
    this.#trial.wasInVain();
    return false;
  }

  /** Of a read that compared: it was in vain. */
  refuted(): void {
    this.#trial.wasInVain();
  }
}
