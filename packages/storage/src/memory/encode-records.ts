import { type RecordFields, writeFields } from '../record/encode-record.js';
import { flagsAt, headerWords, keyBytesAt, keyHashWord } from './record-words.js';
import { sealRecord } from './write-record.js';
import { xxh32Words } from './xxh32-words.js';

/**
 * Encodes mutations end to end, as `encodeRecord` does each. Hashed as words, of which one view is made for all of them.
 *
 * @param target as many bytes as `recordBytesOf` says that they take, still zero, at a multiple of 4 in their buffer
 */
export function encodeRecordsInto(target: Uint8Array, records: readonly RecordFields[]): void {
  const words = new Int32Array(target.buffer, target.byteOffset, target.length >>> 2);
  let start = 0;
  for (const fields of records) {
    const end = writeFields(target, start, fields);
    const record = start >>> 2;
    const key = record + headerWords(flagsAt(words, record));
    words[record + keyHashWord] = xxh32Words(words, key, keyBytesAt(words, record));
    sealRecord(words, record, end - start);
    start = end;
  }
}
