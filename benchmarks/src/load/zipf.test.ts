import { describe, expect, it } from '@jest/globals';

import { createUniform } from './random.js';
import { createZipf } from './zipf.js';

const draws = 200_000;

function shares(count: number): Float64Array {
  const next = createZipf(createUniform(7), count);
  const drawn = new Float64Array(count);
  for (let i = 0; i < draws; i++) drawn[next()]! += 1 / draws;
  return drawn;
}

describe('createZipf', () => {
  it('draws each rank in proportion to its place to the power of -0.99', () => {
    const count = 1000;
    const drawn = shares(count);
    const zeta = Array.from({ length: count }, (_, rank) => (rank + 1) ** -0.99).reduce((a, b) => a + b);
    // The first two ranks are exact, the others an approximation that is good in sums.
    expect(drawn[0]).toBeCloseTo(1 / zeta, 2);
    expect(drawn[1]).toBeCloseTo(2 ** -0.99 / zeta, 2);
    for (const ranks of [10, 100, 500]) {
      const expected = Array.from({ length: ranks }, (_, rank) => (rank + 1) ** -0.99).reduce(
        (a, b) => a + b,
      );
      const sum = drawn.slice(0, ranks).reduce((a, b) => a + b);
      expect(Math.abs(sum - expected / zeta)).toBeLessThan(0.02);
    }
  });

  it.each([1, 2, 3])('stays below a count of %d, and draws every rank', (count) => {
    const drawn = shares(count);
    expect(drawn).toHaveLength(count);
    expect(drawn.every((share) => share > 0)).toBe(true);
    expect(drawn.reduce((a, b) => a + b)).toBeCloseTo(1);
  });
});
