import type { Version } from '@kv/hlc';
import { readRecord, type RecordView } from '@kv/storage';

export interface FoundRecord {
  readonly key: string;
  readonly version: Version;
  readonly operationId: string | undefined;
}

const fixedBytes = 32;
const formatVersion = 1;

/**
 * Finds the intact records in bytes of any file of the store, without knowing how its files are built: at every multiple
 * of 8 something either passes the checksum of a record or is none. So the evidence of what is on a disk does not depend
 * on the code whose work it judges.
 */
export function scanRecords(bytes: Uint8Array, found: (record: FoundRecord) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let offset = 0;
  while (offset + fixedBytes <= bytes.length) {
    const record = recordAt(bytes, view, offset);
    if (record === undefined) offset += 8;
    else {
      found(describe(record));
      offset += record.bytes.length;
    }
  }
}

function recordAt(bytes: Uint8Array, view: DataView, offset: number): RecordView | undefined {
  const length = view.getUint32(offset + 4, true);
  if (length < fixedBytes || length % 8 !== 0 || length > bytes.length - offset) return undefined;
  if (bytes[offset + 20] !== formatVersion) return undefined;
  try {
    return readRecord(bytes, offset);
  } catch {
    return undefined;
  }
}

function describe({ key, version, operationId }: RecordView): FoundRecord {
  const { timestamp, node } = version;
  return { key: latin1(key), version: { timestamp, node }, operationId: operationId && hex(operationId) };
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
