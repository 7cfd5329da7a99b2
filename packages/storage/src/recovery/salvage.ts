import { hashSliceBytes, verifyAt, verifyInSlices } from '../memory/record-words.js';
import { readU16, readU32 } from '../record/little-endian.js';
import { partitionOfHash, recordLengthAt } from '../record/record.js';
import {
  batchContinuesFlag,
  fixedBytes,
  flagsOffset,
  keyHashOffset,
  keyLengthOffset,
  keyOffset,
  recordBytes,
  totalLengthOffset,
  valueLengthOffset,
} from '../record/record-layout.js';
import { xxh32 } from '../record/xxh32.js';

export interface Salvaged {
  /** Where the intact records lie: offset, length, offset, length … */
  readonly intact: readonly number[];
  /** Records met, intact or not. */
  readonly records: number;
  /** Partitions that lost a record, or whose record belongs to an atomic batch that did. */
  readonly damaged: ReadonlySet<number>;
  /** Partitions of all records that could be told. */
  readonly met: ReadonlySet<number>;
  /** Some bytes could be attributed to no partition: a record of any of them may be lost. */
  readonly unattributed: boolean;
}

/** Lets others have their turn at each step, and has the result at its end. */
export type Slices<Result> = Generator<undefined, Result>;

/**
 * Reads records laid end to end, some of which are damaged, and makes out what was lost, in slices.
 *
 * @param bytes the caller's own, from the beginning of their buffer: they are changed and changed back
 */
export function* salvage(
  bytes: Uint8Array,
  { partitions }: { readonly partitions: number },
): Slices<Salvaged> {
  const records = new DamagedRecords(bytes);
  const intact: number[] = [];
  const damaged = new Set<number>();
  const met = new Set<number>();
  let unattributed = false;
  let count = 0;
  // Of the atomic batch being walked: the partitions met, and whether one of its records is lost.
  let group: number[] = [];
  let torn = false;
  for (let offset = 0; offset < bytes.length; count += 1) {
    const length = yield* records.verify(offset);
    const record = length === 0 ? yield* records.diagnose(offset) : records.identify(offset, length);
    if (length === 0) torn = true;
    else intact.push(offset, length);
    if (record.keyHash === undefined) unattributed = true;
    else {
      const partition = partitionOfHash(record.keyHash, partitions);
      group.push(partition);
      met.add(partition);
    }
    if (record.length === undefined) break;
    offset += record.length;
    if (record.continues && offset < bytes.length) continue;
    if (torn) group.forEach((member) => damaged.add(member));
    group = [];
    torn = false;
  }
  if (torn) group.forEach((member) => damaged.add(member));
  return { intact, records: count, damaged, met, unattributed };
}

/** What is known of a record, though it is not intact. */
interface Diagnosis {
  /** Undefined: nobody knows where the next record begins. */
  readonly length: number | undefined;
  /** Undefined: nobody knows whose it was. */
  readonly keyHash: number | undefined;
  readonly continues: boolean;
}

/** Bytes hashed in the search for one bit: beyond it the record counts as unknown. */
const searchBytesMax = 64 * 1024 * 1024;

/**
 * Many things in a record can be told in two ways: its length (total; sum of the parts), its key (bytes; hash), all of it
 * (bytes; checksum). Damage that leaves the two in agreement does not happen by chance. One flipped bit is found by
 * flipping it back: only then does everything agree.
 */
class DamagedRecords {
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  /** Bytes that may be hashed until others have their turn. */
  #left = hashSliceBytes;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >>> 2);
  }

  /** @returns the record's length, 0 if it is not intact */
  *verify(offset: number): Slices<number> {
    const length = recordLengthAt(this.#bytes, offset);
    if (length === undefined) return 0;
    if (this.#isLate(length)) yield;
    const { length: end } = this.#bytes;
    if (length <= hashSliceBytes) return verifyAt(this.#words, offset >>> 2, end);
    return yield* verifyInSlices(this.#words, offset >>> 2, end);
  }

  identify(offset: number, length: number): Diagnosis {
    return {
      length,
      keyHash: readU32(this.#bytes, offset + keyHashOffset),
      continues: (this.#bytes[offset + flagsOffset]! & batchContinuesFlag) !== 0,
    };
  }

  *diagnose(offset: number): Slices<Diagnosis> {
    const length = recordLengthAt(this.#bytes, offset);
    if (length !== undefined && this.#keyAgrees(offset, length)) {
      return { ...this.identify(offset, length), continues: yield* this.#continues(offset) };
    }
    const whole = yield* this.#withOneBitFlippedBack(offset);
    if (whole !== undefined) return whole;
    return { length: length ?? (yield* this.#likelyLength(offset)), keyHash: undefined, continues: false };
  }

  /** The flag has no second way to be told, but if it is the one bit that is wrong, then all is right without it. */
  *#continues(offset: number): Slices<boolean> {
    const bytes = this.#bytes;
    const at = offset + flagsOffset;
    bytes[at]! ^= batchContinuesFlag;
    const otherwise = (yield* this.verify(offset)) !== 0;
    bytes[at]! ^= batchContinuesFlag;
    return ((bytes[at]! & batchContinuesFlag) !== 0) !== otherwise;
  }

  #keyAgrees(offset: number, length: number): boolean {
    const bytes = this.#bytes;
    const start = offset + keyOffset(bytes[offset + flagsOffset]!);
    const end = start + readU16(bytes, offset + keyLengthOffset);
    return end <= offset + length && xxh32(bytes, start, end) === readU32(bytes, offset + keyHashOffset);
  }

  /** The record that is intact with one bit of its header or key flipped back, if there is one. */
  *#withOneBitFlippedBack(offset: number): Slices<Diagnosis | undefined> {
    const bytes = this.#bytes;
    if (bytes.length - offset < fixedBytes) return undefined;
    let searched = 0;
    const keyEnd =
      offset + keyOffset(bytes[offset + flagsOffset]!) + readU16(bytes, offset + keyLengthOffset);
    for (let at = offset + totalLengthOffset; at < Math.min(keyEnd, bytes.length); at += 1) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        bytes[at]! ^= bit;
        const claimed = recordLengthAt(bytes, offset);
        // The key is short, and tells of nearly all bits that they are not the one.
        const agrees = claimed !== undefined && this.#keyAgrees(offset, claimed);
        const length = agrees ? yield* this.verify(offset) : 0;
        const found = length === 0 ? undefined : this.identify(offset, length);
        bytes[at]! ^= bit;
        if (found !== undefined) return found;
        if (claimed === undefined) continue;
        const keyBytes = readU16(bytes, offset + keyLengthOffset);
        searched += agrees ? claimed : keyBytes;
        if (searched > searchBytesMax) return undefined;
        if (this.#isLate(keyBytes)) yield;
      }
    }
    return undefined;
  }

  /** Of the two lengths that disagree, the one behind which an intact record begins, or the bytes end. */
  *#likelyLength(offset: number): Slices<number | undefined> {
    const bytes = this.#bytes;
    const available = bytes.length - offset;
    if (available < fixedBytes) return undefined;
    const total = readU32(bytes, offset + totalLengthOffset);
    const parts = recordBytes(
      bytes[offset + flagsOffset]!,
      readU16(bytes, offset + keyLengthOffset),
      readU32(bytes, offset + valueLengthOffset),
    );
    for (const length of [total, parts]) {
      if (length < fixedBytes || length % 8 !== 0 || length > available) continue;
      if (length === available || (yield* this.verify(offset + length)) !== 0) return length;
    }
    return undefined;
  }

  /** @returns whether others should have their turn, after so many bytes more were hashed */
  #isLate(bytes: number): boolean {
    this.#left -= bytes;
    if (this.#left >= 0) return false;
    this.#left = hashSliceBytes;
    return true;
  }
}
