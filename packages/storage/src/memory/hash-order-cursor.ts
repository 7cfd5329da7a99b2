import type { HashTable } from './hash-table.js';
import type { LiveCursor, LiveSlice } from './record-memory.js';
import { lengthAt } from './record-words.js';
import { wordOf } from './segment.js';
import type { SegmentedMemory } from './segmented-memory.js';

/**
 * A walk of all records in the order of their hashes. Where it stands is a hash, so nothing that happens to the tables or
 * segments between two steps matters to it. Records of one hash are given out in one step.
 */
export class HashOrderCursor implements LiveCursor {
  readonly #memory: SegmentedMemory;
  /** Signed, as hashes are in the index: code that meets both kinds is slower. */
  #hash = 0;
  #isDone = false;

  constructor(memory: SegmentedMemory) {
    this.#memory = memory;
  }

  get done(): boolean {
    return this.#isDone;
  }

  next(into: Uint8Array): LiveSlice {
    const slice = new Slice(this.#memory, into);
    if (this.done) return slice;
    const from = this.#hash;
    for (const table of this.#memory.index.tablesFrom(from)) {
      const { words } = table;
      for (
        let slot = table === this.#memory.index.tableOf(from) ? table.firstOf(from) : 0;
        2 * slot < words.length;
      ) {
        if (words[2 * slot + 1] === 0) {
          slot += 1;
          continue;
        }
        const end = endOfHash(table, slot);
        if (!slice.add(table, slot, end)) {
          const hash = words[2 * slot]!;
          const isGiven = slice.views.length > 0;
          this.#hash = isGiven ? (hash + 1) | 0 : hash;
          this.#isDone = isGiven && hash === greatestHash;
          return slice;
        }
        slot = end;
      }
    }
    this.#isDone = true;
    return slice;
  }
}

const greatestHash = -1;

/** The slot behind those with the same hash. */
function endOfHash({ words }: HashTable, slot: number): number {
  let end = slot + 1;
  while (words[2 * end + 1] !== 0 && words[2 * end] === words[2 * slot]) end += 1;
  return end;
}

class Slice implements LiveSlice {
  bytes = 0;
  records = 0;
  views: LiveSlice['views'] = [];
  readonly #memory: SegmentedMemory;
  readonly #into: Uint8Array;

  constructor(memory: SegmentedMemory, into: Uint8Array) {
    this.#memory = memory;
    this.#into = into;
  }

  /** @returns false if these do not fit any more, or, given out as views, were the last */
  add({ words }: HashTable, slot: number, end: number): boolean {
    if (this.records >= recordsMax) return false;
    let bytes = 0;
    for (let each = slot; each < end; each += 1) {
      const location = words[2 * each + 1]!;
      bytes += lengthAt(this.#memory.wordsAt(location), wordOf(location));
    }
    if (this.bytes + bytes > this.#into.length) {
      if (this.bytes > 0) return false;
      this.views = Array.from({ length: end - slot }, (_, index) =>
        this.#memory.viewAt(words[2 * (slot + index) + 1]!),
      );
      return false;
    }
    for (let each = slot; each < end; each += 1) this.#copy(words[2 * each + 1]!);
    return true;
  }

  #copy(location: number): void {
    const words = this.#memory.wordsAt(location);
    const record = wordOf(location);
    const length = lengthAt(words, record);
    this.#into.set(new Uint8Array(words.buffer, record << 2, length), this.bytes);
    this.bytes += length;
    this.records += 1;
  }
}

/** A slice is short also if records are. */
const recordsMax = 512;
