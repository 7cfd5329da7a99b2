import { readU16, readU32 } from '../record/little-endian.js';
import { hashKey, inspectRecord, partitionOfHash, recordLengthAt } from '../record/record.js';
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

/**
 * Reads records laid end to end, some of which are damaged, and makes out what was lost. The bytes must be the caller's own:
 * they are changed and changed back.
 */
export function salvage(bytes: Uint8Array, { partitions }: { readonly partitions: number }): Salvaged {
  const intact: number[] = [];
  const damaged = new Set<number>();
  const met = new Set<number>();
  let unattributed = false;
  let records = 0;
  // Of the atomic batch being walked: the partitions met, and whether one of its records is lost.
  let group: number[] = [];
  let torn = false;
  for (let offset = 0; offset < bytes.length; records += 1) {
    const found = inspectRecord(bytes, offset);
    const record = typeof found === 'string' ? diagnose(bytes, offset) : identify(found.bytes);
    if (typeof found === 'string') torn = true;
    else intact.push(offset, found.bytes.length);
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
  return { intact, records, damaged, met, unattributed };
}

/** What is known of a record, though it is not intact. */
interface Diagnosis {
  /** Undefined: nobody knows where the next record begins. */
  readonly length: number | undefined;
  /** Undefined: nobody knows whose it was. */
  readonly keyHash: number | undefined;
  readonly continues: boolean;
}

function identify(record: Uint8Array): Diagnosis {
  return {
    length: record.length,
    keyHash: readU32(record, keyHashOffset),
    continues: (record[flagsOffset]! & batchContinuesFlag) !== 0,
  };
}

/**
 * Many things in a record can be told in two ways: its length (total; sum of the parts), its key (bytes; hash), all of it
 * (bytes; checksum). Damage that leaves the two in agreement does not happen by chance. One flipped bit is found by
 * flipping it back: only then does everything agree.
 */
function diagnose(bytes: Uint8Array, offset: number): Diagnosis {
  const length = recordLengthAt(bytes, offset);
  if (length !== undefined && keyAgrees(bytes, offset, length)) {
    const record = bytes.subarray(offset, offset + length);
    return { ...identify(record), continues: continuesIn(bytes, offset) };
  }
  const whole = withOneBitFlippedBack(bytes, offset, identify);
  if (whole !== undefined) return whole;
  return { length: length ?? likelyLength(bytes, offset), keyHash: undefined, continues: false };
}

/** The flag has no second way to be told, but if it is the one bit that is wrong, then all is right without it. */
function continuesIn(bytes: Uint8Array, offset: number): boolean {
  const at = offset + flagsOffset;
  bytes[at]! ^= batchContinuesFlag;
  const otherwise = typeof inspectRecord(bytes, offset) !== 'string';
  bytes[at]! ^= batchContinuesFlag;
  return ((bytes[at]! & batchContinuesFlag) !== 0) !== otherwise;
}

function keyAgrees(bytes: Uint8Array, offset: number, length: number): boolean {
  const start = offset + keyOffset(bytes[offset + flagsOffset]!);
  const end = start + readU16(bytes, offset + keyLengthOffset);
  return (
    end <= offset + length && hashKey(bytes.subarray(start, end)) === readU32(bytes, offset + keyHashOffset)
  );
}

/** Bytes hashed in the search for one bit: beyond it the record counts as unknown. */
const searchBytesMax = 64 * 1024 * 1024;

/** @returns what `read` makes of the record that is intact with one bit of its header or key flipped back, if there is one */
function withOneBitFlippedBack<Result>(
  bytes: Uint8Array,
  offset: number,
  read: (record: Uint8Array) => Result,
): Result | undefined {
  if (bytes.length - offset < fixedBytes) return undefined;
  let searched = 0;
  const keyEnd = offset + keyOffset(bytes[offset + flagsOffset]!) + readU16(bytes, offset + keyLengthOffset);
  for (let at = offset + totalLengthOffset; at < Math.min(keyEnd, bytes.length); at += 1) {
    for (let bit = 1; bit < 256; bit <<= 1) {
      bytes[at]! ^= bit;
      const length = recordLengthAt(bytes, offset);
      const found = length === undefined ? undefined : inspectRecord(bytes, offset);
      const result = found === undefined || typeof found === 'string' ? undefined : read(found.bytes);
      bytes[at]! ^= bit;
      if (result !== undefined) return result;
      searched += length ?? 0;
      if (searched > searchBytesMax) return undefined;
    }
  }
  return undefined;
}

/** Of the two lengths that disagree, the one behind which an intact record begins, or the bytes end. */
function likelyLength(bytes: Uint8Array, offset: number): number | undefined {
  const available = bytes.length - offset;
  if (available < fixedBytes) return undefined;
  const total = readU32(bytes, offset + totalLengthOffset);
  const parts = recordBytes(
    bytes[offset + flagsOffset]!,
    readU16(bytes, offset + keyLengthOffset),
    readU32(bytes, offset + valueLengthOffset),
  );
  return [total, parts].find(
    (length) =>
      length >= fixedBytes &&
      length % 8 === 0 &&
      (length === available ||
        (length < available && typeof inspectRecord(bytes, offset + length) !== 'string')),
  );
}
