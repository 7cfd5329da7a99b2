import type { Decisions } from '@kv/replication';

const buckets = 16;

/** A digest of live records only, in the form of the sound one: two words for each bucket of hashes. */
export const digestWithoutDeletes: Decisions['digest'] = (engine, partition) => {
  const words = new Uint32Array(2 * buckets);
  for (const { record } of engine.scanPartition(partition)) {
    if (record.tombstone) continue;
    const place = 2 * (record.keyHash & (buckets - 1));
    for (const byte of record.bytes) words[place] = Math.imul(words[place]!, 31) + byte;
    words[place + 1]! += record.bytes.length;
  }
  return words;
};
