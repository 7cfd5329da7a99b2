import { describe, expect, it } from '@jest/globals';

import { drawPlan } from '../plan/draw-plan.js';
import type { Plan } from '../plan/plan.js';
import { shrink } from './shrink.js';

const plan = drawPlan(1);

function idsOf(items: readonly { readonly id: number }[]): number[] {
  return items.map(({ id }) => id).sort((a, b) => a - b);
}

/** Fails with these faults and operations, whatever else there is. */
function needing(faults: readonly number[], operations: readonly number[]) {
  return (candidate: Plan): Promise<boolean> => {
    const has = [idsOf(candidate.faults), idsOf(candidate.operations)] as const;
    const needs = [faults, operations] as const;
    return Promise.resolve(needs.every((ids, index) => ids.every((id) => has[index]!.includes(id))));
  };
}

describe('the shrinker', () => {
  it('leaves what the failure needs, and nothing else', async () => {
    const smallest = await shrink(plan, needing([3, 7], [5, 6, 900]), { triesMax: 1_000 });
    expect(idsOf(smallest.faults)).toEqual([3, 7]);
    expect(idsOf(smallest.operations)).toEqual([5, 6, 900]);
  });

  it('leaves no fault where operations fail by themselves', async () => {
    const smallest = await shrink(plan, needing([], [0]), { triesMax: 1_000 });
    expect([smallest.faults.length, idsOf(smallest.operations)]).toEqual([0, [0]]);
  });

  it('tries no more plans than it may, and keeps the smallest that failed', async () => {
    let tries = 0;
    const fails = needing([3], [5]);
    const smallest = await shrink(plan, (candidate) => ((tries += 1), fails(candidate)), { triesMax: 6 });
    expect(tries).toBe(6);
    expect(smallest.faults.length).toBeLessThan(plan.faults.length);
    expect(await fails(smallest)).toBe(true);
  });
});
