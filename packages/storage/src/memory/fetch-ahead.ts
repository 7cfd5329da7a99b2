import { fixedBytes } from '../record/record-layout.js';
import type { Digests } from './digests.js';
import type { HashIndex } from './hash-index.js';
import type { HashTable } from './hash-table.js';
import { keyHashWord, lengthAt, lengthWord } from './record-words.js';
import { type Segment, slotOf, wordOf } from './segment.js';

/**
 * Has the processor fetch what a number of look-ups will need, before the first of them is made.
 *
 * With more keys than its caches hold, a look-up is a chain of waits for the memory: for the table of the index, for its array,
 * for the slot in that, and for the record that it points at. These waits, one after the other, are most of what a write
 * takes. A processor goes on to loads that depend on nothing it waits for, though, as far as some hundred instructions; so
 * here each link of the chain is touched in a loop of its own, for all that come, and their waits become one.
 * Only a hint: whatever it finds may be different by the time of the look-up.
 */
export class FetchAhead {
  readonly #index: HashIndex;
  readonly #segments: readonly (Segment | undefined)[];
  readonly #digests: Digests | undefined;
  readonly #tables: HashTable[] = [];
  readonly #hashes = new Int32Array(fetchedAhead);
  readonly #locations = new Int32Array(fetchedAhead);
  #count = 0;
  /** Of what was touched: without a use, a load would be left out. */
  #sum = 0;

  /** @param digests if records that come change any */
  constructor(index: HashIndex, segments: readonly (Segment | undefined)[], digests?: Digests) {
    this.#index = index;
    this.#segments = segments;
    this.#digests = digests;
  }

  /** For records that lie end to end, or seem to. @returns the end of those that were fetched for, a few at most */
  forRecords(words: Int32Array, start: number, end: number): number {
    let offset = start;
    while (offset + fixedBytes <= end && this.#count < fetchedAhead) {
      const length = lengthAt(words, offset >>> 2);
      if (length < fixedBytes || (length & 7) !== 0) break;
      const hash = words[(offset >>> 2) + keyHashWord]!;
      if (this.#digests !== undefined) this.#sum ^= this.#digests.touch(hash);
      this.add(hash);
      offset += length;
    }
    this.fetch();
    return Math.max(offset, start + 1);
  }

  /** One more key; `fetchedAhead` at most. */
  add(hash: number): void {
    this.#hashes[this.#count] = hash;
    this.#count += 1;
  }

  /** A key that will be encoded, if it is a text: where that lies is one more wait. */
  text(key: unknown): void {
    if (typeof key === 'string') this.#sum ^= key.length;
  }

  /** Only the slot of the index. */
  slot(hash: number): void {
    this.#sum ^= this.#index.tableOf(hash).touch(hash);
  }

  /** For all that were added since the last time. */
  fetch(): void {
    const count = this.#count;
    const hashes = this.#hashes;
    const tables = this.#tables;
    const locations = this.#locations;
    this.#count = 0;
    let sum = 0;
    for (let at = 0; at < count; at += 1) {
      tables[at] = this.#index.tableOf(hashes[at]!);
      sum ^= tables[at]!.capacity;
    }
    for (let at = 0; at < count; at += 1) sum ^= tables[at]!.words.length;
    for (let at = 0; at < count; at += 1) sum ^= tables[at]!.touch(hashes[at]!);
    for (let at = 0; at < count; at += 1) locations[at] = tables[at]!.locationOf(hashes[at]!);
    for (let at = 0; at < count; at += 1) sum ^= this.#touchRecord(locations[at]!);
    this.#sum ^= sum;
  }

  /** The record of a key whose slot was fetched. */
  record(hash: number): void {
    this.#sum ^= this.#touchRecord(this.#index.tableOf(hash).locationOf(hash));
  }

  #touchRecord(location: number): number {
    if (location === 0) return 0;
    const segment = this.#segments[slotOf(location)]!;
    const { words } = segment;
    const record = wordOf(location);
    const key = record + keyWord < words.length ? words[record + keyWord]! : 0;
    return words[record + lengthWord]! ^ key ^ segment.touchDead(record << 2);
  }
}

/**
 * Within most keys, whether an operation id lies before them or not. With the first words of the record it makes two cache
 * lines, which are all that is looked at.
 */
const keyWord = 14;

/** As many as a processor has loads under way, and some. */
export const fetchedAhead = 32;
