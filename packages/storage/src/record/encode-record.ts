import { KvError } from '@kv/errors';
import { isTimestamp, type Version } from '@kv/hlc';

import { writeU16, writeU32, writeU64 } from './little-endian.js';
import { keyBytesFormatMax, recordBytesMax } from '../limits.js';
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

export interface RecordFields {
  /** 0 to 65,535 bytes. */
  readonly key: Uint8Array;
  /** Empty for a tombstone. */
  readonly value: Uint8Array;
  readonly version: Version;
  /** The key is deleted as of this version. */
  readonly tombstone?: boolean | undefined;
  /** Unix milliseconds; 0 or absent = never. */
  readonly expiresAtMs?: number | undefined;
  /** 16 bytes that name the operation. */
  readonly operationId?: Uint8Array | undefined;
  /** The next record belongs to the same atomic batch. */
  readonly batchContinues?: boolean | undefined;
}

/**
 * Encodes a mutation into bytes of its own.
 *
 * @throws KvError `invalid-argument` if a field is outside of what the format can carry
 */
export function encodeRecord(fields: RecordFields): Uint8Array {
  const record = new Uint8Array(recordBytesOf(fields));
  writeFields(record, 0, fields);
  const keyStart = keyOffset(record[flagsOffset]!);
  writeU32(record, keyHashOffset, xxh32(record, keyStart, keyStart + fields.key.length));
  writeU32(record, checksumOffset, xxh32(record, totalLengthOffset));
  return record;
}

/**
 * What the record takes, a multiple of 8.
 *
 * @throws KvError `invalid-argument` if a field is outside of what the format can carry
 */
export function recordBytesOf(fields: RecordFields): number {
  refuseOutOfRange(fields);
  const length = recordBytes(flagsOf(fields), fields.key.length, fields.value.length);
  if (length > recordBytesMax) refuse(`a record of ${length} bytes exceeds ${recordBytesMax}`);
  return length;
}

/**
 * Writes fields that `recordBytesOf` has checked into so many bytes, which are still zero: all of the record but its hashes.
 *
 * @returns where it ends
 */
export function writeFields(target: Uint8Array, start: number, fields: RecordFields): number {
  const { key, value, version, expiresAtMs = 0, operationId } = fields;
  const flags = flagsOf(fields);
  const end = start + recordBytes(flags, key.length, value.length);
  const keyStart = start + keyOffset(flags);
  writeU32(target, start + totalLengthOffset, end - start);
  writeU64(target, start + timestampOffset, version.timestamp);
  writeU32(target, start + nodeOffset, version.node);
  target[start + formatOffset] = recordFormatVersion;
  target[start + flagsOffset] = flags;
  writeU16(target, start + keyLengthOffset, key.length);
  writeU32(target, start + valueLengthOffset, value.length);
  if (expiresAtMs !== 0) writeU64(target, start + fixedBytes, expiresAtMs);
  if (operationId !== undefined) target.set(operationId, keyStart - operationIdBytes);
  target.set(key, keyStart);
  target.set(value, keyStart + key.length);
  return end;
}

function flagsOf(fields: RecordFields): number {
  const { expiresAtMs = 0 } = fields;
  return (
    (fields.tombstone === true ? tombstoneFlag : 0) |
    (expiresAtMs === 0 ? 0 : expiryFlag) |
    (fields.operationId === undefined ? 0 : operationIdFlag) |
    (fields.batchContinues === true ? batchContinuesFlag : 0)
  );
}

function refuseOutOfRange(fields: RecordFields): void {
  const { key, value, version, expiresAtMs = 0, operationId } = fields;
  if (key.length > keyBytesFormatMax) refuse(`a key of ${key.length} bytes exceeds ${keyBytesFormatMax}`);
  if (!isTimestamp(version.timestamp)) refuse(`${version.timestamp as number} is no timestamp`);
  if (version.node !== version.node >>> 0) refuse(`node ${version.node} is no unsigned 32-bit integer`);
  if (!Number.isSafeInteger(expiresAtMs) || expiresAtMs < 0) {
    refuse(`expiresAtMs ${expiresAtMs} is no whole number of milliseconds`);
  }
  if (operationId !== undefined && operationId.length !== operationIdBytes) {
    refuse(`an operation id has ${operationIdBytes} bytes, not ${operationId.length}`);
  }
  if (fields.tombstone === true && (value.length !== 0 || expiresAtMs !== 0)) {
    refuse('a tombstone has neither value nor expiry');
  }
}

function refuse(reason: string): never {
  throw new KvError('invalid-argument', reason);
}
