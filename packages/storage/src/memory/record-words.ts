import {
  expiryFlag,
  fixedBytes,
  knownFlags,
  operationIdFlag,
  recordFormatVersion,
  tombstoneFlag,
} from '../record/record-layout.js';
import { PiecewiseXxh32, xxh32Words } from './xxh32-words.js';

/**
 * A record's header read as words, where the record lies aligned in a segment. The layout is drawn in
 * `record-layout.ts`; `record` is the number of the record's first word.
 */
export const checksumWord = 0;
export const lengthWord = 1;
export const timestampLowWord = 2;
export const timestampHighWord = 3;
export const nodeWord = 4;
/** Format version, flags, key length: 8, 8 and 16 bits. */
export const shapeWord = 5;
export const valueLengthWord = 6;
export const keyHashWord = 7;
export const expiryWord = 8;

export function shapeOf(flags: number, keyBytes: number): number {
  return recordFormatVersion | (flags << 8) | (keyBytes << 16);
}

export function lengthAt(words: Int32Array, record: number): number {
  return words[record + lengthWord]!;
}

export function flagsAt(words: Int32Array, record: number): number {
  return (words[record + shapeWord]! >>> 8) & 0xff;
}

export function keyBytesAt(words: Int32Array, record: number): number {
  return words[record + shapeWord]! >>> 16;
}

export function timestampAt(words: Int32Array, record: number): number {
  return (
    (words[record + timestampHighWord]! >>> 0) * 0x1_0000_0000 + (words[record + timestampLowWord]! >>> 0)
  );
}

/** Unix milliseconds; 0 = never. */
export function expiryAt(words: Int32Array, record: number): number {
  if ((flagsAt(words, record) & expiryFlag) === 0) return 0;
  return (words[record + expiryWord + 1]! >>> 0) * 0x1_0000_0000 + (words[record + expiryWord]! >>> 0);
}

/** Words before the key. The bits of the two flags happen to be what their fields take: 2 words, and 4. */
export function headerWords(flags: number): number {
  return (fixedBytes >>> 2) + (flags & (expiryFlag | operationIdFlag));
}

/** Whether two keys of one length are the same, each beginning with a word of its own. */
export function sameKey(
  a: Int32Array,
  aStart: number,
  b: Int32Array,
  bStart: number,
  bytes: number,
): boolean {
  const whole = bytes >>> 2;
  for (let word = 0; word < whole; word += 1) if (a[aStart + word] !== b[bStart + word]) return false;
  const over = bytes & 3;
  // What lies in the last word behind the key belongs to the value, or to nobody.
  return over === 0 || (a[aStart + whole]! ^ b[bStart + whole]!) << (32 - (over << 3)) === 0;
}

/** Verifies everything about the record. @returns its length in bytes, 0 if it is not intact or ends beyond `endBytes` */
export function verifyAt(words: Int32Array, record: number, endBytes: number): number {
  const length = consistentLengthAt(words, record, endBytes);
  if (length === 0) return 0;
  if (xxh32Words(words, record + lengthWord, length - 4) !== words[record]) return 0;
  return fieldsAreRight(words, record) ? length : 0;
}

/** The same, for whoever lets others have their turn after each step: of hashing so many bytes, at most. */
export function* verifyInSlices(
  words: Int32Array,
  record: number,
  endBytes: number,
): Generator<undefined, number> {
  const length = consistentLengthAt(words, record, endBytes);
  if (length === 0) return 0;
  const hash = new PiecewiseXxh32();
  let word = record + lengthWord;
  let left = length - 4;
  for (; left > hashSliceBytes; left -= hashSliceBytes) {
    hash.add(words, word, hashSliceBytes >>> 4);
    word += hashSliceBytes >>> 2;
    yield;
  }
  if (hash.end(words, word, left) !== words[record]) return 0;
  return fieldsAreRight(words, record) ? length : 0;
}

/** Longer records should be verified in slices where others wait: a millisecond or two each. */
export const hashSliceBytes = 2 * 1024 * 1024;

/** The record's length, if its fields agree about it and it ends at or before `endBytes`; else 0. */
function consistentLengthAt(words: Int32Array, record: number, endBytes: number): number {
  const room = endBytes - (record << 2);
  if (room < fixedBytes) return 0;
  const length = words[record + lengthWord]!;
  if (length < fixedBytes || length > room || (length & 7) !== 0) return 0;
  const shape = words[record + shapeWord]!;
  const flags = (shape >>> 8) & 0xff;
  if ((shape & 0xff) !== recordFormatVersion || (flags & ~knownFlags) !== 0) return 0;
  const used = usedBytesAt(words, record);
  return ((used + 7) & ~7) === length && used <= length ? length : 0;
}

/** Without the padding. */
function usedBytesAt(words: Int32Array, record: number): number {
  const shape = words[record + shapeWord]!;
  return (headerWords((shape >>> 8) & 0xff) << 2) + (shape >>> 16) + (words[record + valueLengthWord]! >>> 0);
}

/** Of a record whose length is consistent and whose checksum is right: all else that could be wrong. */
function fieldsAreRight(words: Int32Array, record: number): boolean {
  const flags = flagsAt(words, record);
  const keyHash = xxh32Words(words, record + headerWords(flags), keyBytesAt(words, record));
  if (keyHash !== words[record + keyHashWord]) return false;
  if (words[record + timestampHighWord]! >>> 0 > 0x1f_ffff) return false;
  if (
    (flags & tombstoneFlag) !== 0 &&
    (words[record + valueLengthWord] !== 0 || (flags & expiryFlag) !== 0)
  ) {
    return false;
  }
  if ((flags & expiryFlag) !== 0) {
    const high = words[record + expiryWord + 1]! >>> 0;
    if (high > 0x1f_ffff || (high === 0 && words[record + expiryWord] === 0)) return false;
  }
  return paddingIsZero(words, record, { used: usedBytesAt(words, record), length: lengthAt(words, record) });
}

function paddingIsZero(
  words: Int32Array,
  record: number,
  { used, length }: { readonly used: number; readonly length: number },
): boolean {
  const padding = length - used;
  if (padding === 0) return true;
  const last = record + (length >>> 2) - 1;
  if (padding < 4) return words[last]! >>> (32 - (padding << 3)) === 0;
  if (words[last] !== 0) return false;
  return padding === 4 || words[last - 1]! >>> (32 - ((padding - 4) << 3)) === 0;
}

/** A view of the record's key. */
export function keyAt(words: Int32Array, record: number): Uint8Array {
  const start = (record + headerWords(flagsAt(words, record))) << 2;
  return new Uint8Array(words.buffer, words.byteOffset + start, keyBytesAt(words, record));
}
