import { describe, expect, it } from '@jest/globals';

import { createSeededRandom } from './index.js';

const draw = (seed: number, count: number) => {
  const random = createSeededRandom(seed);
  return Array.from({ length: count }, () => random.uint32());
};

describe('seeded random', () => {
  it('replays the same numbers from the same seed', () => {
    expect(draw(42, 1_000)).toEqual(draw(42, 1_000));
  });

  it('these numbers never change: committed seeds depend on them', () => {
    expect(draw(1, 4)).toEqual([2_442_144_158, 3_238_099_751, 3_819_917_871, 2_104_621_829]);
  });

  it('neighbouring seeds share nothing', () => {
    const seen = new Set(Array.from({ length: 100 }, (_, seed) => draw(seed, 20)).flat());
    expect(seen.size).toBeGreaterThan(1_998);
  });

  it('uint32, float, below and bytes stay in their ranges and spread evenly', () => {
    const random = createSeededRandom(7);
    const counts = new Array<number>(10).fill(0);
    for (let round = 0; round < 20_000; round += 1) {
      const word = random.uint32();
      expect(Number.isInteger(word) && word >= 0 && word <= 0xffffffff).toBe(true);
      const fraction = random.float();
      expect(fraction >= 0 && fraction < 1).toBe(true);
      counts[random.below(10)]! += 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(1_800);
    expect(Math.max(...counts)).toBeLessThan(2_200);
    expect(random.bytes(5)).toHaveLength(5);
    expect(['a', 'b']).toContain(random.pick(['a', 'b']));
  });

  it('refuses what it cannot draw from', () => {
    const random = createSeededRandom(1);
    expect(() => random.below(0)).toThrow(RangeError);
    expect(() => random.pick([])).toThrow(RangeError);
    expect(() => createSeededRandom(0.5)).toThrow(RangeError);
  });
});
