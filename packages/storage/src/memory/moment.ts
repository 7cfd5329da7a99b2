import { zeroTimestamp } from '@kv/hlc';

import { tombstoneFlag } from '../record/record-layout.js';
import { Cleaner } from './cleaner.js';
import { OrderedKeys } from './ordered-keys.js';
import type { ReadableMemory } from './readable-memory.js';
import { flagsAt, keyAt, lengthAt } from './record-words.js';
import { wordOf } from './segment.js';
import { SegmentedMemory } from './segmented-memory.js';

/** Where a record lies. */
export interface Found {
  readonly memory: ReadableMemory;
  readonly location: number;
}

/**
 * All records as they were at one moment, while writes go on. Only for a memory that keeps no tombstones.
 *
 * Nothing is copied when it is made. From then on, whenever a key changes for the first time, the record that it had is
 * copied to a memory of the moment's own, or a tombstone put there if it had none. A key that is there reads as noted, every
 * other one as it is now. A copy, and not a reference: references to a few records of each segment would keep all of
 * them. So what a moment takes is bounded by what there was and what there is, however much is written: a key that came
 * and went again is forgotten.
 */
export class Moment {
  readonly #memory: SegmentedMemory;
  readonly #onEnd: () => void;
  #uses = 0;
  #past: Past | undefined;

  /** @param onEnd nobody reads it any more */
  constructor(memory: SegmentedMemory, onEnd: () => void) {
    this.#memory = memory;
    this.#onEnd = onEnd;
  }

  /** It is the present still. */
  get isPresent(): boolean {
    return this.#past === undefined || this.#past.records.entries === 0;
  }

  get bytes(): number {
    return this.#past === undefined ? 0 : this.#past.records.bytes + this.#past.gone.bytes;
  }

  /** Keys that were there and went, in order; they may have come back. */
  get gone(): OrderedKeys {
    return this.#past?.gone ?? none;
  }

  /** Whoever reads it says so before, and calls `release` after. */
  retain(): void {
    this.#uses += 1;
  }

  release(): void {
    this.#uses -= 1;
    if (this.#uses > 0) return;
    this.#past = undefined;
    this.#onEnd();
  }

  /** The record that a key had. */
  find(key: Uint8Array): Found | undefined {
    this.#memory.loadKey(key);
    return this.findLoaded();
  }

  /** The same of the key that was loaded last into the memory. */
  findLoaded(): Found | undefined {
    if (this.#past !== undefined) {
      const { records } = this.#past;
      const location = records.findKey(this.#memory.key);
      if (location !== 0) return isTombstone(records, location) ? undefined : { memory: records, location };
    }
    const location = this.#memory.findLoaded();
    return location === 0 ? undefined : { memory: this.#memory, location };
  }

  /** A key changed: see `KeyObserver`. */
  changed(previous: number, next: number): void {
    const past = (this.#past ??= new Past());
    const location = previous === 0 ? next : previous;
    past.note(this.#memory.wordsAt(location), wordOf(location), {
      cameNow: previous === 0,
      goes: next === 0,
    });
  }
}

/** What was, of the keys that changed. */
class Past {
  readonly records = new SegmentedMemory({ partitions: 1, retainTombstones: true, logged: false });
  readonly gone = new OrderedKeys();
  readonly #cleaner = new Cleaner(this.records);

  /** @param record the first word of what the key has, or had until now */
  note(
    words: Int32Array,
    record: number,
    { cameNow, goes }: { readonly cameNow: boolean; readonly goes: boolean },
  ): void {
    const { records } = this;
    const noted = records.findSame(words, record);
    if (noted === 0) {
      if (cameNow) records.put(keyAt(words, record), nothing, zeroTimestamp, 0, tombstoneFlag);
      else this.#copy(words, record);
    } else if (goes && isTombstone(records, noted)) {
      records.forget(noted);
      if (this.#cleaner.due) this.#cleaner.clean({ durableUpTo: records.appended, nowMs: 0 });
      return;
    }
    if (goes) this.gone.insert(keyAt(words, record));
  }

  #copy(words: Int32Array, record: number): void {
    const bytes = new Uint8Array(
      words.buffer,
      words.byteOffset + record * words.BYTES_PER_ELEMENT,
      lengthAt(words, record),
    );
    const { segment, start } = this.records.stage(bytes);
    this.records.offer(segment, start);
  }
}

function isTombstone(memory: ReadableMemory, location: number): boolean {
  return (flagsAt(memory.wordsAt(location), wordOf(location)) & tombstoneFlag) !== 0;
}

const nothing = new Uint8Array(0);
const none = new OrderedKeys();
