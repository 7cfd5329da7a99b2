import type { DigestSource } from '@kv/replication';
import { digestBuckets } from '@kv/storage';

/** A digest as somebody would write it who thinks that what is deleted is not there. */
export function digestWithoutDeletes(engine: DigestSource, partition: number): Uint32Array {
  const digest = new Uint32Array(digestBuckets * 2);
  for (const { record } of engine.scanPartition(partition)) {
    if (record.tombstone) continue;
    const word = (record.keyHash % digestBuckets) * 2;
    digest[word]! += record.version.timestamp % 0xffff_fffb;
    digest[word + 1]! += record.keyHash ^ record.version.node;
  }
  return digest;
}
