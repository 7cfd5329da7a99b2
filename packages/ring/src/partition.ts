const { clz32 } = Math;

/**
 * The partition of a key: the top bits of its hash. Partitions are equal arcs of the ring of 2^32 hashes, in order.
 * @param keyHash XXH32 of the key, seed 0.
 * @param partitions a power of two; not checked, this runs once per operation.
 */
export function partitionOf(keyHash: number, partitions: number): number {
  // A shift by 32 would be one by 0, so a single partition needs its own answer.
  return partitions === 1 ? 0 : keyHash >>> (clz32(partitions) + 1);
}
