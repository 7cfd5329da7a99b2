import { KvError } from '@kv/errors';
import { isTimestamp, type Timestamp } from '@kv/hlc';

import { readU32, readU64, writeU32, writeU64 } from '../record/little-endian.js';
import { xxh32 } from '../record/xxh32.js';

/**
 * How records lie in files. A log file and a snapshot alike are one file header, then batches; a batch is a header, then
 * records (record-layout.ts) laid end to end. All little-endian, all multiples of 8 bytes.
 *
 *     file header, 32 bytes                          batch header, 32 bytes
 *      0  4  checksum: XXH32 of bytes 4 to 32         0  4  checksum: XXH32 of bytes 4 to 32
 *      4  4  "KVLG" log, "KVSN" snapshot              4  4  "KVBT"
 *      8  4  format version: 1                        8  8  batch sequence: one more than the batch before
 *     12  4  partitions                              16  8  ceiling of the clock, 0 = none
 *     16  8  file sequence, as in its name           24  4  bytes of records that follow
 *     24  8  sequence of its first batch             28  4  number of records
 *
 * Batch sequences run on from log file to log file, so a missing piece shows. A snapshot numbers its own from 1, and its
 * last batch is an empty one: without it the snapshot is incomplete.
 *
 * The payload has no checksum of its own: each record has one, and the batch header says how many there are.
 */
export const fileHeaderBytes = 32;
export const batchHeaderBytes = 32;

export const fileFormatVersion = 1;

const logMagic = magic('KVLG');
const snapshotMagic = magic('KVSN');
const batchMagic = magic('KVBT');

export interface FileHeader {
  readonly kind: 'log' | 'snapshot';
  readonly partitions: number;
  readonly sequence: number;
  readonly firstBatch: number;
}

export interface BatchHeader {
  readonly sequence: number;
  readonly ceiling: Timestamp;
  readonly payloadBytes: number;
  readonly records: number;
}

export function encodeFileHeader(header: FileHeader): Uint8Array {
  const bytes = new Uint8Array(fileHeaderBytes);
  writeU32(bytes, 4, header.kind === 'log' ? logMagic : snapshotMagic);
  writeU32(bytes, 8, fileFormatVersion);
  writeU32(bytes, 12, header.partitions);
  writeU64(bytes, 16, header.sequence);
  writeU64(bytes, 24, header.firstBatch);
  writeU32(bytes, 0, xxh32(bytes, 4));
  return bytes;
}

/** @returns undefined if the header is damaged, or of another kind or format */
export function readFileHeader(bytes: Uint8Array): FileHeader | undefined {
  if (bytes.length < fileHeaderBytes || xxh32(bytes, 4, fileHeaderBytes) !== readU32(bytes, 0))
    return undefined;
  const kind = readU32(bytes, 4);
  if ((kind !== logMagic && kind !== snapshotMagic) || readU32(bytes, 8) !== fileFormatVersion)
    return undefined;
  return {
    kind: kind === logMagic ? 'log' : 'snapshot',
    partitions: readU32(bytes, 12),
    sequence: readU64(bytes, 16),
    firstBatch: readU64(bytes, 24),
  };
}

/** Lays a batch out in one piece of memory, so that one write takes it. */
export function encodeBatch(
  { sequence, ceiling }: { readonly sequence: number; readonly ceiling: Timestamp },
  records: readonly Uint8Array[],
): Uint8Array {
  let payloadBytes = 0;
  for (const record of records) payloadBytes += record.length;
  // A length that does not fit would be read back as another one: the batch would be damaged from birth.
  if (payloadBytes > 0xffff_ffff)
    throw new KvError('internal', `a batch of ${payloadBytes} bytes is too long`);
  const bytes = new Uint8Array(batchHeaderBytes + payloadBytes);
  writeU32(bytes, 4, batchMagic);
  writeU64(bytes, 8, sequence);
  writeU64(bytes, 16, ceiling);
  writeU32(bytes, 24, payloadBytes);
  writeU32(bytes, 28, records.length);
  writeU32(bytes, 0, xxh32(bytes, 4, batchHeaderBytes));
  let position = batchHeaderBytes;
  for (const record of records) {
    bytes.set(record, position);
    position += record.length;
  }
  return bytes;
}

/** @returns undefined if the header is damaged */
export function readBatchHeader(bytes: Uint8Array): BatchHeader | undefined {
  if (xxh32(bytes, 4, batchHeaderBytes) !== readU32(bytes, 0) || readU32(bytes, 4) !== batchMagic)
    return undefined;
  const ceiling = readU64(bytes, 16);
  if (!isTimestamp(ceiling)) return undefined;
  return {
    sequence: readU64(bytes, 8),
    ceiling,
    payloadBytes: readU32(bytes, 24),
    records: readU32(bytes, 28),
  };
}

function magic(letters: string): number {
  return readU32(new TextEncoder().encode(letters), 0);
}
