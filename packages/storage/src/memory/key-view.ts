import type { RecordView } from '../record/record.js';
import { compareBytes } from '../record/compare-bytes.js';
import type { KeyOrder } from './key-order.js';
import type { KeyRange } from './key-range.js';
import { OrderedKeys } from './ordered-keys.js';
import { keyAt } from './record-words.js';
import { wordOf } from './segment.js';
import type { KeyObserver } from './key-observers.js';
import type { SegmentedMemory } from './segmented-memory.js';

/**
 * A range of the records as they were at one moment, read later, in order, while writes go on.
 *
 * Nothing is copied when it is made. From then on, whenever a key changes for the first time, the record that it had is
 * noted: records never change where they lie, so a reference is enough. A key that was noted reads as noted, every other one
 * as it is now; keys that went are remembered in order and merged in.
 */
export class KeyView {
  readonly #memory: SegmentedMemory;
  readonly #orderOf: () => KeyOrder;
  readonly #range: KeyRange;
  readonly #past = new Past();
  readonly #observer: KeyObserver;
  #last: Uint8Array | undefined;
  #done = false;

  /** @param orderOf the order of all keys, which may be made anew at any time */
  constructor(memory: SegmentedMemory, orderOf: () => KeyOrder, range: KeyRange) {
    this.#memory = memory;
    this.#orderOf = orderOf;
    this.#range = range;
    // A view that nobody holds any more, and that nobody closed, must not collect changes for ever.
    const past = new WeakRef(this.#past);
    const observer: KeyObserver = {
      changed(previous, next) {
        const noting = past.deref();
        if (noting === undefined) memory.observers.remove(observer);
        else noting.note(memory, previous, next);
      },
    };
    this.#observer = observer;
    memory.observers.add(observer);
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
      const record = this.#recordOf(key);
      if (record !== undefined) records.push(record);
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
    this.#done = true;
    this.#memory.observers.remove(this.#observer);
  }

  /** Those that are there now and those that went since, in order. */
  *#keys(): Generator<Uint8Array, void> {
    const present = this.#range.in(this.#orderOf().keys(), this.#last);
    const gone = this.#range.in(this.#past.gone, this.#last);
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

  #recordOf(key: Uint8Array): RecordView | undefined {
    const { records } = this.#past;
    if (records.size > 0) {
      const name = nameOf(key);
      if (records.has(name)) return records.get(name);
    }
    const location = this.#memory.find(key);
    return location === 0 ? undefined : this.#memory.viewAt(location);
  }
}

/** What has changed since a moment. */
class Past {
  /** By key: what it had; undefined if it was not there. */
  readonly records = new Map<string, RecordView | undefined>();
  /** Keys that were there and went; they may have come back. */
  readonly gone = new OrderedKeys();

  note(memory: SegmentedMemory, previous: number, next: number): void {
    const location = previous === 0 ? next : previous;
    const key = keyAt(memory.wordsAt(location), wordOf(location));
    const name = nameOf(key);
    if (!this.records.has(name)) this.records.set(name, previous === 0 ? undefined : memory.viewAt(previous));
    if (next === 0 && this.records.get(name) !== undefined) this.gone.insert(key);
  }
}

/** One character a byte: a name for use in a map. */
function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}
