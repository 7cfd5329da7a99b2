const { imul } = Math;

/**
 * Breaks ties between members for one partition: an unsigned 32-bit number that looks random, and is the same everywhere.
 * Without it ties would go to the lowest number, and its partitions to the same few neighbours when it leaves.
 */
export function tieHash(partition: number, memberNumber: number): number {
  let hash = imul(partition + 1, 0x9e3779b1) ^ imul(memberNumber, 0x85ebca6b);
  hash = imul(hash ^ (hash >>> 16), 0x7feb352d);
  hash = imul(hash ^ (hash >>> 15), 0x846ca68b);
  return (hash ^ (hash >>> 16)) >>> 0;
}
