import { describe, expect, it } from '@jest/globals';
import { createSeededRandom } from '@kv/testing';

import { claimInOrder, loadKeyHasher, partitionOf, preferenceList } from '../src/index.js';

const keyCount = 100_000;
const random = createSeededRandom(20_261_122);

function uuidLike(): string {
  const hex = Buffer.from(random.bytes(16)).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
}

const keysOf: Record<string, (index: number) => Uint8Array> = {
  sequential: (index) => Buffer.from(`key-${index}`),
  random: () => random.bytes(16),
  'UUID-like': () => Buffer.from(uuidLike()),
};

describe('100,000 keys spread over the nodes', () => {
  it.each(Object.keys(keysOf).flatMap((kind) => [3, 5].map((nodes) => [kind, nodes] as const)))(
    '%s keys, %d nodes: fullest at most 1.05 times the mean, by replicas and by primaries',
    async (kind, nodes) => {
      const hasher = await loadKeyHasher();
      const members = Array.from({ length: nodes }, (_, index) => ({
        id: `node${index + 1}`,
        number: index + 1,
      }));
      const assignment = claimInOrder(members, { partitions: 1_024, replicationFactor: 3 });
      const lists = Array.from({ length: 1_024 }, (_, partition) => preferenceList(assignment, partition));
      const replicas = new Float64Array(nodes + 1);
      const primaries = new Float64Array(nodes + 1);
      for (let index = 0; index < keyCount; index += 1) {
        const list = lists[partitionOf(hasher.hash(keysOf[kind]!(index)), 1_024)]!;
        primaries[list[0]!]! += 1;
        for (const number of list) replicas[number]! += 1;
      }
      expect(Math.max(...primaries) / (keyCount / nodes)).toBeLessThanOrEqual(1.05);
      expect(Math.max(...replicas) / ((keyCount * 3) / nodes)).toBeLessThanOrEqual(1.05);
    },
  );
});
