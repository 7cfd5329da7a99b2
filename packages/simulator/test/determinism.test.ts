import { describe, expect, it } from '@jest/globals';

import { drawPlan, runPlan, runSeed } from '../src/index.js';

describe('a seed', () => {
  it.each([1, 4])(
    'gives the same run twice, and no violation: %i',
    async (seed) => {
      const report = await runSeed(seed, { twice: true });
      expect(report.violations).toEqual([]);
      expect(report.operations).toBeGreaterThan(200);
      expect(report.concurrentPairs).toBeGreaterThan(0);
      expect(Object.keys(report.faultsByKind).length).toBeGreaterThan(3);
    },
    120_000,
  );

  it('stands for another run than the next one', () => {
    expect(drawPlan(1)).not.toEqual(drawPlan(2));
    expect(drawPlan(1)).toEqual(drawPlan(1));
  });

  it('is not changed by somebody who reads along', async () => {
    const drawn = drawPlan(3, { nodes: 3 });
    const plan = { ...drawn, operations: drawn.operations.slice(0, 150), safetyMs: 10_000 };
    const read = await runPlan(plan, { readable: true });
    expect(read.traceHash).toBe((await runPlan(plan)).traceHash);
    expect(read.trace.length).toBeGreaterThan(100);
  }, 120_000);
});
