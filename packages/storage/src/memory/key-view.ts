import type { RecordView } from '../record/record.js';
import { compareBytes } from '../record/compare-bytes.js';
import type { KeyOrder } from './key-order.js';
import type { KeyRange } from './key-range.js';
import type { Moment } from './moment.js';

/**
 * A range of the records of a moment, read in order while writes go on: the keys that are there now, merged with those that
 * went since, each with the record that it had.
 */
export class KeyView {
  readonly #moment: Moment;
  readonly #orderOf: () => KeyOrder;
  readonly #range: KeyRange;
  #last: Uint8Array | undefined;
  #done = false;

  /** @param orderOf the order of all keys, which may be made anew at any time */
  constructor(moment: Moment, orderOf: () => KeyOrder, range: KeyRange) {
    this.#moment = moment;
    this.#orderOf = orderOf;
    this.#range = range;
    moment.retain();
  }

  get done(): boolean {
    return this.#done;
  }

  /** One slice of what must be done before the first `next`. @returns whether that is all */
  prepare(): boolean {
    return this.#done || this.#orderOf().prepare();
  }

  /** The next records, at most so many; there may be more even if none is returned: see `done`. */
  next(count: number): RecordView[] {
    if (this.#done) return [];
    const records: RecordView[] = [];
    let looked = 0;
    for (const key of this.#keys()) {
      const found = this.#moment.find(key);
      if (found !== undefined) records.push(found.memory.viewAt(found.location));
      looked += 1;
      if (records.length < count && looked < 4 * count) continue;
      // Its place in the list may be gone by the time of the next call.
      this.#last = key.slice();
      return records;
    }
    this.close();
    return records;
  }

  close(): void {
    if (this.#done) return;
    this.#done = true;
    this.#moment.release();
  }

  /** Those that are there now and those that went since, in order. */
  *#keys(): Generator<Uint8Array, void> {
    const present = this.#range.in(this.#orderOf().keys(), this.#last);
    const gone = this.#range.in(this.#moment.gone, this.#last);
    const sign = this.#range.reverse ? -1 : 1;
    let a = present.next().value;
    let b = gone.next().value;
    while (a !== undefined || b !== undefined) {
      const order = a === undefined ? 1 : b === undefined ? -1 : sign * compareBytes(a, b);
      yield order <= 0 ? a! : b!;
      if (order <= 0) a = present.next().value;
      if (order >= 0) b = gone.next().value;
    }
  }
}
