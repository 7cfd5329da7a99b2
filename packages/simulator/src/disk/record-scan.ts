import type { Version } from '@kv/hlc';
import { readRecord, type RecordView } from '@kv/storage';

export interface FoundRecord {
  readonly key: string;
  readonly version: Version;
  readonly operationId: string | undefined;
}

const fixedBytes = 32;
const formatVersion = 1;
const flagsOffset = 21;
const keyLengthOffset = 22;
const expiry = { flag: 2, bytes: 8 };
const operationId = { flag: 4, bytes: 16 };

/**
 * Finds the intact records in bytes of any file of the store, without knowing how its files are built: at every multiple
 * of 8 something either passes the checksum of a record or is none. So the evidence of what is on a disk does not depend
 * on the code whose work it judges.
 */
export function scanRecords(bytes: Uint8Array, found: (record: FoundRecord) => void): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  while (offset + fixedBytes <= buffer.length) {
    const record = recordAt(buffer, offset);
    if (record === undefined) offset += 8;
    else {
      found(describe(record, buffer, offset));
      offset += record.bytes.length;
    }
  }
}

function recordAt(buffer: Buffer, offset: number): RecordView | undefined {
  const length = buffer.readUInt32LE(offset + 4);
  if (length < fixedBytes || length % 8 !== 0 || length > buffer.length - offset) return undefined;
  if (buffer[offset + 20] !== formatVersion) return undefined;
  try {
    return readRecord(buffer, offset);
  } catch {
    return undefined;
  }
}

/** Reads the parts where they lie: views of them would be most of the buffers that a run makes. */
function describe({ version }: RecordView, buffer: Buffer, offset: number): FoundRecord {
  const flags = buffer[offset + flagsOffset]!;
  const idAt = offset + fixedBytes + ((flags & expiry.flag) === 0 ? 0 : expiry.bytes);
  const hasId = (flags & operationId.flag) !== 0;
  const keyAt = hasId ? idAt + operationId.bytes : idAt;
  return {
    key: buffer.toString('latin1', keyAt, keyAt + buffer.readUInt16LE(offset + keyLengthOffset)),
    version,
    operationId: hasId ? buffer.toString('hex', idAt, keyAt) : undefined,
  };
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
