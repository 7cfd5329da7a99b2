import { KvError } from '@kv/errors';
import { compareVersions, isTimestamp, type Version } from '@kv/hlc';

import { compareBytes } from './compare-bytes.js';
import { readU16, readU32, readU64 } from './little-endian.js';
import {
  batchContinuesFlag,
  checksumOffset,
  expiryFlag,
  fixedBytes,
  flagsOffset,
  formatOffset,
  keyHashOffset,
  keyLengthOffset,
  keyOffset,
  knownFlags,
  nodeOffset,
  operationIdBytes,
  operationIdFlag,
  recordBytes,
  recordFormatVersion,
  timestampOffset,
  tombstoneFlag,
  totalLengthOffset,
  valueLengthOffset,
} from './record-layout.js';
import { xxh32 } from './xxh32.js';

/**
 * What identifies a record, and says whether it is alive, without its value: version, lengths, and a checksum of all the
 * rest. Records whose heads are equal are equal.
 */
export interface RecordHead {
  /** The record itself, or its first `recordHeadBytes`. */
  readonly bytes: Uint8Array;
  readonly version: Version;
  readonly tombstone: boolean;
  /** Unix milliseconds; 0 = never. */
  readonly expiresAtMs: number;
}

/**
 * One verified record, read where it lies: each getter decodes from `bytes`, nothing is copied. `key`, `value` and
 * `operationId` are views of `bytes`, which in turn may be a view of a whole message: copy what you keep, and never
 * write through them.
 */
export interface RecordView extends RecordHead {
  /** Exactly this record. */
  readonly bytes: Uint8Array;
  readonly key: Uint8Array;
  /** Empty for a tombstone. */
  readonly value: Uint8Array;
  /** 16 bytes, if the writer gave one. */
  readonly operationId: Uint8Array | undefined;
  /** XXH32, seed 0, of the key. */
  readonly keyHash: number;
  /** The next record belongs to the same atomic batch. */
  readonly batchContinues: boolean;
}

/** Made for each record that is met, and mostly looked at in part: so what is nobody asks for is not made, `bytes` included. */
class LazyRecord implements RecordView {
  readonly #within: Uint8Array;
  readonly #start: number;
  readonly #length: number;
  #bytes: Uint8Array | undefined;

  /** Of `within[start, start + length)`. */
  constructor(within: Uint8Array, start: number, length: number) {
    this.#within = within;
    this.#start = start;
    this.#length = length;
  }

  get bytes(): Uint8Array {
    return (this.#bytes ??= this.#view(0, this.#length));
  }

  get key(): Uint8Array {
    return this.#view(keyOffset(this.#flags), this.#keyLength);
  }

  get value(): Uint8Array {
    const length = readU32(this.#within, this.#start + valueLengthOffset);
    return this.#view(keyOffset(this.#flags) + this.#keyLength, length);
  }

  get version(): Version {
    const timestamp = readU64(this.#within, this.#start + timestampOffset) as Version['timestamp'];
    return { timestamp, node: readU32(this.#within, this.#start + nodeOffset) };
  }

  get tombstone(): boolean {
    return (this.#flags & tombstoneFlag) !== 0;
  }

  get expiresAtMs(): number {
    return (this.#flags & expiryFlag) === 0 ? 0 : readU64(this.#within, this.#start + fixedBytes);
  }

  get operationId(): Uint8Array | undefined {
    const flags = this.#flags;
    if ((flags & operationIdFlag) === 0) return undefined;
    return this.#view(keyOffset(flags) - operationIdBytes, operationIdBytes);
  }

  get keyHash(): number {
    return readU32(this.#within, this.#start + keyHashOffset);
  }

  get batchContinues(): boolean {
    return (this.#flags & batchContinuesFlag) !== 0;
  }

  get #flags(): number {
    return this.#within[this.#start + flagsOffset]!;
  }

  /** Whether the bytes at `offset` begin with this record's header, which identifies it. */
  beginsAt(bytes: Uint8Array, offset: number): boolean {
    if (offset + fixedBytes > bytes.length) return false;
    for (let index = 0; index < fixedBytes; index += 1) {
      if (bytes[offset + index] !== this.#within[this.#start + index]) return false;
    }
    return true;
  }

  get #keyLength(): number {
    return readU16(this.#within, this.#start + keyLengthOffset);
  }

  copyHead(target: Uint8Array, offset: number): void {
    for (let index = 0; index < recordHeadBytes; index += 1) {
      target[offset + index] = this.#within[this.#start + index]!;
    }
  }

  /** Always a plain Uint8Array, also of a Buffer, whose slice() would share memory where ours copies. */
  #view(from: number, length: number): Uint8Array {
    return new Uint8Array(this.#within.buffer, this.#within.byteOffset + this.#start + from, length);
  }
}

/**
 * Reads the record that begins at `offset`, after verifying everything about it.
 *
 * @throws KvError `corrupt` if it is cut short, its checksum fails, or it is not a record that this version knows
 */
export function readRecord(bytes: Uint8Array, offset = 0): RecordView {
  const record = inspectRecord(bytes, offset);
  if (typeof record === 'string') throw new KvError('corrupt', `record at byte ${offset}: ${record}`);
  return record;
}

/** Like `readRecord`, but returns what is wrong instead of throwing it. */
export function inspectRecord(bytes: Uint8Array, offset: number): RecordView | string {
  const length = recordLengthAt(bytes, offset);
  if (length === undefined) return 'its lengths disagree, or it is cut short';
  return faultOf(bytes, offset, length) ?? new LazyRecord(bytes, offset, length);
}

/**
 * Reads records laid end to end; empty bytes hold none.
 *
 * @throws KvError `corrupt` if any of them is not intact, or bytes are left over
 */
export function readRecords(bytes: Uint8Array): RecordView[] {
  const records: RecordView[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const record = readRecord(bytes, offset);
    records.push(record);
    offset += record.bytes.length;
  }
  return records;
}

/**
 * How many records are laid end to end, by what their lengths say; verifies nothing. What is behind a length that makes no
 * sense counts for one.
 */
export function countRecords(bytes: Uint8Array): number {
  let count = 0;
  for (let offset = 0; offset < bytes.length; count += 1) {
    offset += recordLengthAt(bytes, offset) ?? bytes.length;
  }
  return count;
}

/**
 * Length of the record at `offset`, if its length fields agree with each other and it fits into `bytes`. Verifies
 * nothing else: it serves to find the next record behind a damaged one.
 */
export function recordLengthAt(bytes: Uint8Array, offset: number): number | undefined {
  const available = bytes.length - offset;
  if (offset < 0 || available < fixedBytes) return undefined;
  const total = readU32(bytes, offset + totalLengthOffset);
  const flags = bytes[offset + flagsOffset]!;
  const parts = recordBytes(
    flags,
    readU16(bytes, offset + keyLengthOffset),
    readU32(bytes, offset + valueLengthOffset),
  );
  return total === parts && total <= available ? total : undefined;
}

/** A view of what is known to be a record. */
export function viewRecord(within: Uint8Array, start: number, length: number): RecordView {
  return new LazyRecord(within, start, length);
}

/** Bytes of a head: what every record begins with, and the expiry of those that have one. */
export const recordHeadBytes = fixedBytes + 8;

/** A view of the record's first bytes. The record must be no shorter: its key is not empty. */
export function headOf(record: RecordView): RecordHead {
  return new LazyRecord(record.bytes, 0, recordHeadBytes);
}

/** What the head at `offset` says it is, unverified. */
export function headTimestamp(bytes: Uint8Array, offset: number): number {
  return readU64(bytes, offset + timestampOffset);
}

/** Writes the record's head there. The record must be no shorter: its key is not empty. */
export function copyHead(record: RecordView, target: Uint8Array, offset: number): void {
  lazy(record).copyHead(target, offset);
}

/** Whether the head at `offset`, or the record that begins there, is this record's: all of both is the same then. */
export function headMatches(record: RecordView, bytes: Uint8Array, offset: number): boolean {
  return lazy(record).beginsAt(bytes, offset);
}

function lazy(record: RecordView): LazyRecord {
  return record instanceof LazyRecord ? record : new LazyRecord(record.bytes, 0, record.bytes.length);
}

/**
 * A head as it was sent: the first `recordHeadBytes` of a record. No checksum guards it, so it serves to compare copies, and
 * where it differs from what is known the record itself is asked for.
 */
export function readRecordHead(bytes: Uint8Array): RecordHead {
  return new LazyRecord(bytes, 0, bytes.length);
}

/** A copy of the record in memory of its own, so that it pins no message. */
export function copyRecord(record: RecordView): RecordView {
  const bytes = record.bytes.slice();
  return new LazyRecord(bytes, 0, bytes.length);
}

/** True once the record's expiry has been reached; a tombstone never expires. */
export function isExpired(record: RecordHead, atUnixMs: number): boolean {
  const expiresAtMs = record.expiresAtMs;
  return expiresAtMs !== 0 && expiresAtMs <= atUnixMs;
}

/**
 * Orders two records of one key: negative if `a` loses to `b`. The newer version wins. Equal versions with different
 * bytes must never happen; the larger bytes win then, so that replicas still agree.
 */
export function compareRecords(a: RecordHead, b: RecordHead): number {
  const byTimestamp = readU64(a.bytes, timestampOffset) - readU64(b.bytes, timestampOffset);
  if (byTimestamp !== 0) return byTimestamp;
  const byVersion = compareVersions(a.version, b.version);
  return byVersion === 0 ? compareBytes(a.bytes, b.bytes) : byVersion;
}

/** XXH32, seed 0: the hash of which the top bits are the key's partition. */
export function hashKey(key: Uint8Array): number {
  return xxh32(key);
}

/** The partition of a key hash: its top bits. `partitions` is a power of two. */
export function partitionOfHash(keyHash: number, partitions: number): number {
  return partitions === 1 ? 0 : keyHash >>> (Math.clz32(partitions) + 1);
}

/** The record that begins at `start` has a consistent length already. */
function faultOf(bytes: Uint8Array, start: number, length: number): string | undefined {
  const end = start + length;
  if (xxh32(bytes, start + totalLengthOffset, end) !== readU32(bytes, start + checksumOffset)) {
    return 'checksum mismatch';
  }
  const format = bytes[start + formatOffset]!;
  if (format !== recordFormatVersion) return `format version ${format} is not known`;
  const flags = bytes[start + flagsOffset]!;
  if ((flags & ~knownFlags) !== 0) return `flags ${flags} are not all known`;
  if (!isTimestamp(readU64(bytes, start + timestampOffset))) return 'its timestamp is out of range';
  if ((flags & expiryFlag) !== 0) {
    const expiry = readU64(bytes, start + fixedBytes);
    if (expiry === 0 || !Number.isSafeInteger(expiry)) return 'its expiry is out of range';
  }
  const valueLength = readU32(bytes, start + valueLengthOffset);
  if ((flags & tombstoneFlag) !== 0 && (valueLength !== 0 || (flags & expiryFlag) !== 0)) {
    return 'a tombstone has neither value nor expiry';
  }
  const keyStart = start + keyOffset(flags);
  const keyEnd = keyStart + readU16(bytes, start + keyLengthOffset);
  if (xxh32(bytes, keyStart, keyEnd) !== readU32(bytes, start + keyHashOffset)) return 'key hash mismatch';
  for (let index = keyEnd + valueLength; index < end; index += 1) {
    if (bytes[index] !== 0) return 'its padding is not zero';
  }
  return undefined;
}
