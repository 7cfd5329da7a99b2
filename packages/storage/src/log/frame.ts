import { isTimestamp, type Timestamp } from '@kv/hlc';

import { readU32, readU64, writeU32, writeU64 } from '../record/little-endian.js';
import { xxh32 } from '../record/xxh32.js';

/**
 * How records lie in files. A log file and a snapshot alike are one file header, then batches; a batch is a header, then
 * records (record-layout.ts) laid end to end. All little-endian, all multiples of 8 bytes, so that a record begins at a
 * multiple of 8 of the file and can stay where it was read.
 *
 *     file header, 48 bytes                            batch header, 40 bytes
 *      0  4  checksum: XXH32 of bytes 4 to 48           0  4  checksum: XXH32 of bytes 4 to 40
 *      4  4  "KVLG" log, "KVSN" snapshot                4  4  "KVBT"
 *      8  4  format version: 2                          8  8  batch sequence: one more than the batch before
 *     12  4  partitions                                16  8  ceiling of the clock, 0 = none
 *     16  8  file sequence, as in its name             24  8  newest batch on stable storage when this one was written
 *     24  8  sequence of its first batch               32  4  bytes of records that follow
 *     32  8  newest batch of older files that counts   36  4  number of records
 *     40  8  newest batch that was on stable storage
 *            when the file got its name; of a
 *            snapshot: about how many records it has
 *
 * Batch sequences only grow, from log file to log file, too. Within a file there is no gap, so a missing piece shows. A
 * file that follows an error (a full disk, a crash) begins with what was in doubt, under new sequences; "newest batch of
 * older files that counts" then says how far the older ones are still needed, and whatever is wrong with them beyond it
 * is nobody's loss. A snapshot numbers its batches from 1, and its last one is empty: without it the snapshot is
 * incomplete.
 *
 * The payload has no checksum of its own: each record has one, and the batch header says how many there are.
 */
export const fileHeaderBytes = 48;
export const batchHeaderBytes = 40;

export const fileFormatVersion = 2;

const logMagic = magic('KVLG');
const snapshotMagic = magic('KVSN');
const batchMagic = magic('KVBT');

export interface FileHeader {
  readonly kind: 'log' | 'snapshot';
  readonly partitions: number;
  readonly sequence: number;
  readonly firstBatch: number;
  /** Batches of older files count up to this one. */
  readonly continuesAfter: number;
  /** Of a log: batches up to this one were on stable storage when it got its name. Of a snapshot: about how many records it has. */
  readonly extent: number;
}

export interface BatchHeader {
  readonly sequence: number;
  readonly ceiling: Timestamp;
  /** Batches up to this one were on stable storage when this one was written. */
  readonly syncedThrough: number;
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
  writeU64(bytes, 32, header.continuesAfter);
  writeU64(bytes, 40, header.extent);
  writeU32(bytes, 0, xxh32(bytes, 4));
  return bytes;
}

/**
 * Reads the header in the 48 bytes at `offset`.
 *
 * @returns undefined if it is damaged, the version if it is intact and of another format version
 */
export function readFileHeader(bytes: Uint8Array, offset = 0): FileHeader | number | undefined {
  if (xxh32(bytes, offset + 4, offset + fileHeaderBytes) !== readU32(bytes, offset)) return undefined;
  const kind = readU32(bytes, offset + 4);
  if (kind !== logMagic && kind !== snapshotMagic) return undefined;
  const version = readU32(bytes, offset + 8);
  if (version !== fileFormatVersion) return version;
  return {
    kind: kind === logMagic ? 'log' : 'snapshot',
    partitions: readU32(bytes, offset + 12),
    sequence: readU64(bytes, offset + 16),
    firstBatch: readU64(bytes, offset + 24),
    continuesAfter: readU64(bytes, offset + 32),
    extent: readU64(bytes, offset + 40),
  };
}

export function encodeBatchHeader(header: BatchHeader): Uint8Array {
  const bytes = new Uint8Array(batchHeaderBytes);
  writeU32(bytes, 4, batchMagic);
  writeU64(bytes, 8, header.sequence);
  writeU64(bytes, 16, header.ceiling);
  writeU64(bytes, 24, header.syncedThrough);
  writeU32(bytes, 32, header.payloadBytes);
  writeU32(bytes, 36, header.records);
  writeU32(bytes, 0, xxh32(bytes, 4));
  return bytes;
}

/** @returns undefined if the 40 bytes at `offset` are no intact header */
export function readBatchHeader(bytes: Uint8Array, offset = 0): BatchHeader | undefined {
  if (xxh32(bytes, offset + 4, offset + batchHeaderBytes) !== readU32(bytes, offset)) return undefined;
  if (readU32(bytes, offset + 4) !== batchMagic) return undefined;
  const ceiling = readU64(bytes, offset + 16);
  if (!isTimestamp(ceiling)) return undefined;
  return {
    sequence: readU64(bytes, offset + 8),
    ceiling,
    syncedThrough: readU64(bytes, offset + 24),
    payloadBytes: readU32(bytes, offset + 32),
    records: readU32(bytes, offset + 36),
  };
}

function magic(letters: string): number {
  return readU32(new TextEncoder().encode(letters), 0);
}
