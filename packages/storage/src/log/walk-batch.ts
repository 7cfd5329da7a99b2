import { readU16, readU32 } from '../record/little-endian.js';
import {
  hashKey,
  inspectRecord,
  partitionOfHash,
  recordLengthAt,
  type RecordView,
} from '../record/record.js';
import {
  batchContinuesFlag,
  flagsOffset,
  keyHashOffset,
  keyLengthOffset,
  keyOffset,
} from '../record/record-layout.js';

export interface WalkedBatch {
  /** The intact ones. */
  readonly records: readonly RecordView[];
  /** Partitions that lost a record, or whose record belongs to an atomic batch that did. */
  readonly damaged: ReadonlySet<number>;
  /** Some bytes could be attributed to no partition: a record of any of them may be lost. */
  readonly unattributed: boolean;
}

/**
 * Reads the records of one batch whose header was intact, and makes out what was lost if some are not.
 *
 * A record that fails still names its partition if the hash of its key bytes is the hash it carries: damage that leaves
 * both in agreement does not happen by chance. It is stepped over if its length fields agree with each other. Whatever
 * else is wrong leaves the loss without a name.
 */
export function walkBatch(
  payload: Uint8Array,
  { records: expected, partitions }: { readonly records: number; readonly partitions: number },
): WalkedBatch {
  const records: RecordView[] = [];
  const damaged = new Set<number>();
  let unattributed = false;
  let walked = 0;
  // Of the atomic batch being walked: the partitions met, and whether one of its records is lost.
  let group: number[] = [];
  let groupTorn = false;
  for (let offset = 0; offset < payload.length; walked += 1) {
    const record = inspectRecord(payload, offset);
    const intact = typeof record !== 'string';
    const length = intact ? record.bytes.length : recordLengthAt(payload, offset);
    const partition = intact
      ? partitionOfHash(record.keyHash, partitions)
      : length === undefined
        ? undefined
        : namedPartition(payload.subarray(offset, offset + length), partitions);
    if (intact) records.push(record);
    else groupTorn = true;
    if (partition === undefined) unattributed = true;
    else group.push(partition);
    if (length === undefined) break;
    if ((payload[offset + flagsOffset]! & batchContinuesFlag) === 0) {
      if (groupTorn) group.forEach((member) => damaged.add(member));
      group = [];
      groupTorn = false;
    }
    offset += length;
  }
  if (groupTorn) group.forEach((member) => damaged.add(member));
  return { records, damaged, unattributed: unattributed || walked !== expected };
}

function namedPartition(record: Uint8Array, partitions: number): number | undefined {
  const keyStart = keyOffset(record[flagsOffset]!);
  const keyHash = readU32(record, keyHashOffset);
  const key = record.subarray(keyStart, keyStart + readU16(record, keyLengthOffset));
  return hashKey(key) === keyHash ? partitionOfHash(keyHash, partitions) : undefined;
}
