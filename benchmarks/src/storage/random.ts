/** Whole numbers from 0, uniformly, the same for the same seed (xorshift32): every system is asked for the same keys. */
export function createIndexes(seed: number, below: number): () => number {
  let state = (seed * 0x9e37_79b9) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Different values of one length, their bytes random: nothing to compress, nothing to share. */
export function createValues(count: number, bytes: number): readonly Buffer[] {
  const next = createIndexes(7, 256);
  return Array.from({ length: count }, () => Buffer.from(Array.from({ length: bytes }, next)));
}
