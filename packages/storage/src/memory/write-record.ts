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

/** Writes a record (record-layout.ts) to the end of a segment that has room for it. Its node is 0: there is one writer. */
export function writeRecord(
  { usedBytes, words, bytes }: Segment,
  key: KeyWords,
  value: Uint8Array,
  {
    length,
    flags,
    timestamp,
    expiresAtMs,
  }: {
    readonly length: number;
    readonly flags: number;
    readonly timestamp: number;
    readonly expiresAtMs: number;
  },
): void {
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
  if (value.length > copyByLoopBytesMax) bytes.set(value, keyEnd);
  else for (let index = 0; index < value.length; index += 1) bytes[keyEnd + index] = value[index]!;
  words[record + checksumWord] = xxh32Words(words, record + lengthWord, length - 4);
}

/** Up to it, a loop is faster than the call. */
const copyByLoopBytesMax = 48;
