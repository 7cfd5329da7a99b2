/**
 * Which operations go to their key's home, one owner that all clients agree on. Two coordinators that write one key at the
 * same time find each other's `newer` and stamp again, and reads beside them find replicas that differ; one coordinator
 * sends all of it in order. So a key with several writes under way goes home, until none is left. Where many operations
 * are of such keys all go home: then messages are split anyway, and keys that are only warm meet nobody either.
 *
 * Keys are told apart by some bits of their hashes: one that is taken for another is sent where it need not go.
 */
import { hotKeySlots, hotKeyWrites, hotSampleOperations, hotShareMax } from '../limits.js';

export class HotKeys {
  /** Writes under way. */
  readonly #writes = new Uint32Array(hotKeySlots);
  readonly #isHot = new Uint8Array(hotKeySlots);
  /** Of the sample that is being taken. */
  #operations = 0;
  #hotOperations = 0;
  #areMany = false;

  /** Asked once for each operation, as it is issued. */
  goesHome(slot: number): boolean {
    const isHot = this.#isHot[slot] === 1;
    this.#operations += 1;
    if (isHot) this.#hotOperations += 1;
    if (this.#operations === hotSampleOperations) {
      this.#areMany = this.#hotOperations > hotShareMax * hotSampleOperations;
      this.#operations = 0;
      this.#hotOperations = 0;
    }
    return isHot || this.#areMany;
  }

  beginWrite(slot: number): void {
    const count = this.#writes[slot]! + 1;
    this.#writes[slot] = count;
    if (count === hotKeyWrites) this.#isHot[slot] = 1;
  }

  endWrite(slot: number): void {
    const count = this.#writes[slot]! - 1;
    this.#writes[slot] = count;
    if (count === 0) this.#isHot[slot] = 0;
  }
}

/** The low bits of a key's hash: the high ones name the partition. */
export function slotOf(hash: number): number {
  return hash & (hotKeySlots - 1);
}
