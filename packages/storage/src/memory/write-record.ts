import type { KeyWords } from './key-words.js';
import {
  checksumWord,
  expiryWord,
  headerWords,
  keyHashWord,
  lengthWord,
  nodeWord,
  shapeOf,
  shapeWord,
  timestampHighWord,
  timestampLowWord,
  valueLengthWord,
} from './record-words.js';
import type { Segment } from './segment.js';
import { xxh32Words } from './xxh32-words.js';

/**
 * Writes a record (record-layout.ts) to the end of a segment that has room for it. Its node is 0: there is one writer. No
 * options object: this is what a put mostly is.
 *
 * @param length of the whole record
 */
export function writeRecord(
  segment: Segment,
  key: KeyWords,
  value: Uint8Array,
  length: number,
  flags: number,
  timestamp: number,
  expiresAtMs: number,
): void {
  const { usedBytes, words } = segment;
  const record = usedBytes >>> 2;
  // Padding: first, as key, value and even the header reach into these words.
  const last = record + (length >>> 2) - 1;
  words[last] = 0;
  words[last - 1] = 0;
  words[record + lengthWord] = length;
  words[record + timestampLowWord] = timestamp | 0;
  words[record + timestampHighWord] = (timestamp / 0x1_0000_0000) | 0;
  words[record + nodeWord] = 0;
  words[record + shapeWord] = shapeOf(flags, key.bytes);
  words[record + valueLengthWord] = value.length;
  words[record + keyHashWord] = key.hash;
  if (expiresAtMs !== 0) {
    words[record + expiryWord] = expiresAtMs | 0;
    words[record + expiryWord + 1] = (expiresAtMs / 0x1_0000_0000) | 0;
  }
  const keyStart = record + headerWords(flags);
  const keyEnd = (keyStart << 2) + key.bytes;
  const keyWords = (key.bytes + 3) >>> 2;
  for (let word = 0; word < keyWords; word += 1) words[keyStart + word] = key.words[word]!;
  if (value.length > copyByLoopBytesMax) segment.bytes.set(value, keyEnd);
  else copyShort(value, segment.bytes, keyEnd);
}

/** The checksum, over all the rest. */
export function sealRecord(words: Int32Array, record: number, length: number): void {
  words[record + checksumWord] = xxh32Words(words, record + lengthWord, length - 4);
}

function copyShort(from: Uint8Array, to: Uint8Array, at: number): void {
  for (let index = 0; index < from.length; index += 1) to[at + index] = from[index]!;
}

/** Up to it, a loop is faster than the call. */
const copyByLoopBytesMax = 48;
