import type { LogPosition } from '../engine/engine.js';
import { compareBytes } from '../record/compare-bytes.js';
import type { RecordView } from '../record/record.js';
import type { Digests } from './digests.js';
import { FetchAhead } from './fetch-ahead.js';
import { HashIndex } from './hash-index.js';
import type { HashTable } from './hash-table.js';
import { KeyWords } from './key-words.js';
import {
  expiryAt,
  flagsAt,
  headerWords,
  keyBytesAt,
  keyHashWord,
  lengthAt,
  nodeWord,
  sameKey,
  timestampHighWord,
  timestampLowWord,
  valueLengthWord,
} from './record-words.js';
import { type Segment, slotOf, wordOf } from './segment.js';
import { SegmentSpace } from './segment-space.js';

export interface ReadableMemoryOptions {
  readonly logged: boolean;
  /** Kept by whoever writes. */
  readonly digests: Digests | undefined;
}

/** The half of the memory that finds and reads; `segmented-memory.ts` says what it promises, and why it is made so. */
export class ReadableMemory {
  /** A power of two. */
  readonly partitions: number;
  readonly space: SegmentSpace;
  readonly index: HashIndex;
  readonly ahead: FetchAhead;
  /** The key that was laid out last, for `findLoaded` and `putLoaded`. */
  readonly key = new KeyWords();
  protected readonly segments: readonly (Segment | undefined)[];
  /** What the last search found. */
  protected foundTable: HashTable | undefined;
  protected foundSlot = 0;

  constructor(partitions: number, { logged, digests }: ReadableMemoryOptions) {
    this.partitions = partitions;
    this.space = new SegmentSpace({ logged });
    this.segments = this.space.segments;
    this.index = new HashIndex(partitions);
    this.ahead = new FetchAhead(this.index, this.segments, digests);
  }

  /** Lays a key out. @returns its hash, as a signed integer */
  loadKey(key: Uint8Array, hash?: number): number {
    this.key.load(key, hash);
    return this.key.hash;
  }

  /** @returns the location of the newest record of the key loaded last, 0 if there is none */
  findLoaded(): number {
    return this.findKey(this.key);
  }

  /** The same of a key that was laid out elsewhere. */
  findKey({ hash, words, bytes }: KeyWords): number {
    return this.search(hash, words, 0, bytes);
  }

  find(key: Uint8Array): number {
    this.key.load(key);
    return this.findLoaded();
  }

  /** The location of the newest record of the key of a record, wherever that lies; 0 if there is none. */
  findSame(words: Int32Array, record: number): number {
    const hash = words[record + keyHashWord]!;
    return this.search(hash, words, record + headerWords(flagsAt(words, record)), keyBytesAt(words, record));
  }

  segmentAt(location: number): Segment {
    return this.segments[slotOf(location)]!;
  }

  wordsAt(location: number): Int32Array {
    return this.segments[slotOf(location)]!.words;
  }

  /** All bytes of the segment that a location is in, for a look: never to be written, and not to be kept without `hold`. */
  bytesAt(location: number): Uint8Array {
    return this.segments[slotOf(location)]!.bytes;
  }

  /** The record at a location stays as it is for as long as somebody has a view of it, even if another takes its place. */
  hold(location: number): void {
    this.segments[slotOf(location)]!.isHeld = true;
  }

  /** Where in these the value begins. */
  valueStartAt(location: number): number {
    const { words } = this.segments[slotOf(location)]!;
    const record = wordOf(location);
    return ((record + headerWords(flagsAt(words, record))) << 2) + keyBytesAt(words, record);
  }

  valueBytesAt(location: number): number {
    return this.segments[slotOf(location)]!.words[wordOf(location) + valueLengthWord]!;
  }

  /** Unix milliseconds; 0 = never. */
  expiryAt(location: number): number {
    return expiryAt(this.segments[slotOf(location)]!.words, wordOf(location));
  }

  lengthAt(location: number): number {
    return lengthAt(this.segments[slotOf(location)]!.words, wordOf(location));
  }

  /** The record at a location; valid for as long as it is held. */
  viewAt(location: number): RecordView {
    return this.segments[slotOf(location)]!.viewAt(wordOf(location) << 2);
  }

  positionAt(location: number): LogPosition {
    return this.segments[slotOf(location)]!.positionAt(wordOf(location) << 2) as LogPosition;
  }

  /** The index entry of the record at a location; undefined if the index does not point at it. */
  entryOf(hash: number, location: number): { readonly table: HashTable; readonly slot: number } | undefined {
    const table = this.index.tableOf(hash);
    const entries = table.words;
    for (
      let slot = table.firstOf(hash);
      entries[2 * slot + 1] !== 0 && entries[2 * slot] === hash;
      slot += 1
    ) {
      if (entries[2 * slot + 1] === location) return { table, slot };
    }
    return undefined;
  }

  protected search(hash: number, key: Int32Array, keyStart: number, keyBytes: number): number {
    const table = this.index.tableOf(hash);
    const entries = table.words;
    let slot = table.firstOf(hash);
    for (;;) {
      const location = entries[2 * slot + 1]!;
      if (location === 0 || entries[2 * slot] !== hash) return 0;
      const { words } = this.segments[slotOf(location)]!;
      const record = wordOf(location);
      if (
        keyBytesAt(words, record) === keyBytes &&
        sameKey(words, record + headerWords(flagsAt(words, record)), key, keyStart, keyBytes)
      ) {
        this.foundTable = table;
        this.foundSlot = slot;
        return location;
      }
      slot += 1;
    }
  }

  /** Negative if the record loses to the one present. Of equal versions the larger bytes win. */
  protected compare(words: Int32Array, record: number, present: number): number {
    return this.compareVersions(words, record, present) || this.compareBytes(words, record, present);
  }

  protected compareVersions(words: Int32Array, record: number, present: number): number {
    const other = this.wordsAt(present);
    const at = wordOf(present);
    return (
      compareUnsigned(words[record + timestampHighWord]!, other[at + timestampHighWord]!) ||
      compareUnsigned(words[record + timestampLowWord]!, other[at + timestampLowWord]!) ||
      compareUnsigned(words[record + nodeWord]!, other[at + nodeWord]!)
    );
  }

  protected compareBytes(words: Int32Array, record: number, present: number): number {
    return compareBytes(bytesAt(words, record), bytesAt(this.wordsAt(present), wordOf(present)));
  }
}

function bytesAt(words: Int32Array, record: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + (record << 2), lengthAt(words, record));
}

function compareUnsigned(a: number, b: number): number {
  return a === b ? 0 : a >>> 0 < b >>> 0 ? -1 : 1;
}
