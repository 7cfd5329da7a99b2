import { describe, expect, it } from '@jest/globals';

import type { PlannedFault } from '../plan/plan.js';
import { diskFaults } from './disk-faults.js';
import type { FaultSurroundings } from './fault.js';

/** A copy that was made at 1,000 ms, of a machine of which only what this fault does is there. */
async function restoreAt(nowMs: number): Promise<string[]> {
  const done: string[] = [];
  const machine = {
    backup: { files: 'files', madeAtMs: 1_000 },
    rememberedAfterMs: 6_000,
    becomesDoubtful: () => done.push('doubtful'),
    holdDown: () => done.push('down'),
    kill: () => Promise.resolve(done.push('killed')),
    start: () => done.push('started'),
    disk: { restore: (files: string) => done.push(`restored ${files}`) },
  };
  const surroundings = { world: { nowMs }, machines: [machine], mayLoseData: () => true };
  const fault = { kind: 'disk-restored', target: 0 } as PlannedFault;
  const undo = await diskFaults['disk-restored'](fault, surroundings as unknown as FaultSurroundings);
  await undo?.();
  return done;
}

describe('a restored disk', () => {
  it('is one of some age: peers may not notice a younger copy, and nothing is promised of it', async () => {
    expect(await restoreAt(1_400)).toEqual([]);
    expect(await restoreAt(6_999)).toEqual([]);
    expect(await restoreAt(7_000)).toEqual(['doubtful', 'down', 'killed', 'restored files', 'started']);
  });
});
