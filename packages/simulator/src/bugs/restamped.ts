import type { Timestamp } from '@kv/hlc';
import { encodeRecord, readRecord, type RecordView } from '@kv/storage';

/** The same mutation under another version. */
export function restamped(record: RecordView, timestamp: Timestamp): RecordView {
  const { key, value, tombstone, expiresAtMs, operationId, version } = record;
  return readRecord(
    encodeRecord({
      ...{ key, value, tombstone, expiresAtMs },
      version: { timestamp, node: version.node },
      ...(operationId === undefined ? {} : { operationId }),
    }),
  );
}

/** The same version with another time of expiry, if it has one. */
export function expiringLater(record: RecordView, byMs: number): RecordView {
  if (record.expiresAtMs === 0) return record;
  const { key, value, tombstone, expiresAtMs, operationId, version } = record;
  return readRecord(
    encodeRecord({
      ...{ key, value, tombstone, version },
      expiresAtMs: expiresAtMs + byMs,
      ...(operationId === undefined ? {} : { operationId }),
    }),
  );
}
