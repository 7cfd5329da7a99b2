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
  /** Of each slot twice the writes under way, and one more while it is hot: both in one word, as memory is waited for. */
  readonly #states = new Uint32Array(hotKeySlots);
  /** Of the sample that is being taken. */
  #operations = 0;
  #hotOperations = 0;
  #areMany = false;

  /** Asked once for each operation, as it is issued. */
  goesHome(slot: number): boolean {
    const isHot = (this.#states[slot]! & hot) !== 0;
    this.#operations += 1;
    if (isHot) this.#hotOperations += 1;
    if (this.#operations === hotSampleOperations) {
      this.#areMany = this.#hotOperations > hotShareMax * hotSampleOperations;
      this.#operations = 0;
      this.#hotOperations = 0;
    }
    return isHot || this.#areMany;
  }

  /** A write is under way, … */
  isWritten(slot: number): boolean {
    return this.#states[slot]! >= oneWrite;
  }

  /** … or several. */
  hasSeveral(slot: number): boolean {
    return this.#states[slot]! >= 2 * oneWrite;
  }

  beginWrite(slot: number): void {
    const state = this.#states[slot]! + oneWrite;
    this.#states[slot] = state === hotKeyWrites * oneWrite ? state | hot : state;
  }

  endWrite(slot: number): void {
    const state = this.#states[slot]! - oneWrite;
    this.#states[slot] = state === hot ? 0 : state;
  }
}

const hot = 1;
const oneWrite = 2;

/** The low bits of a key's hash: the high ones name the partition. */
export function slotOf(hash: number): number {
  return hash & (hotKeySlots - 1);
}
