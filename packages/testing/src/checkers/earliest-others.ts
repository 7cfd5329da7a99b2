import type { ReadOperation } from './history.js';
import { isStrong, type KeyHistory } from './key-history.js';

/** Of the reads (not at ONE) that began after a moment and saw something else than a given write: which ended first. */
export class EarliestOthers {
  readonly #reads: readonly ReadOperation[];
  /** For each read the write whose value it saw, -1 for none. */
  readonly #seen: Int32Array;
  /** Of the reads from this index on: the one that ended first, and the first to end of those that saw another write. */
  readonly #first: Int32Array;
  readonly #second: Int32Array;

  constructor({ reads, valuesRead }: KeyHistory) {
    this.#reads = reads;
    const seen = (this.#seen = valuesRead);
    const first = (this.#first = new Int32Array(reads.length + 1).fill(-1));
    const second = (this.#second = new Int32Array(reads.length + 1).fill(-1));
    const endOf = (index: number): number => (index < 0 ? Infinity : reads[index]!.endedMs);
    for (let index = reads.length - 1; index >= 0; index -= 1) {
      const best = first[index + 1]!;
      const next = second[index + 1]!;
      const isSame = best >= 0 && seen[best] === seen[index];
      const endedMs = isStrong(reads[index]!) ? endOf(index) : Infinity;
      if (endedMs < endOf(best)) {
        first[index] = index;
        second[index] = isSame ? next : best;
      } else {
        first[index] = best;
        second[index] = !isSame && endedMs < endOf(next) ? index : next;
      }
    }
  }

  endedFirst(afterMs: number, write: number): ReadOperation | undefined {
    let low = 0;
    let high = this.#reads.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#reads[middle]!.beganMs > afterMs) high = middle;
      else low = middle + 1;
    }
    const best = this.#first[low]!;
    if (best < 0) return undefined;
    return this.#reads[this.#seen[best] === write ? this.#second[low]! : best];
  }
}
