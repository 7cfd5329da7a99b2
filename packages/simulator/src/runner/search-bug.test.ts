import { describe, expect, it } from '@jest/globals';

import { deliberateBugs } from '../bugs/bug-table.js';
import { bugSeeds } from '../bugs/bug-seeds.js';
import { profileOf } from '../plan/draw-plan.js';
import type { SeedReport } from './run-seed.js';
import type { RunCheckerName } from './run-violation.js';
import { searchBug } from './search-bug.js';
import type { SeedTask } from './worker.adapter.js';

const bug = deliberateBugs.find(({ profile }) => profile === 'lost-disks')!;

interface Judged {
  readonly planted?: RunCheckerName;
  readonly sound?: RunCheckerName;
}

/** Runs nothing: which checker objects is given for each seed. */
function reporting(bySeed: Readonly<Record<number, Judged>>, tasks: SeedTask[] = []) {
  return (task: SeedTask): Promise<SeedReport> => {
    tasks.push(task);
    const { planted, sound } = bySeed[task.seed] ?? {};
    const checker = task.bug === undefined ? sound : planted;
    const violations =
      checker === undefined ? [] : [{ checker, message: '', key: undefined, operations: [] }];
    const violationsByChecker = checker === undefined ? {} : { [checker]: 1 };
    return Promise.resolve({ seed: task.seed, violations, violationsByChecker } as unknown as SeedReport);
  };
}

describe('the search for a seed that shows a bug', () => {
  it('begins with the stored one, then tries those of its profile, then all others, each once', async () => {
    const tasks: SeedTask[] = [];
    const { seed, tried } = await searchBug(bug, reporting({}, tasks), { triesMax: 1_000 });
    expect([seed, tried]).toEqual([undefined, 200]);
    const seeds = tasks.map((task) => task.seed);
    expect(seeds[0]).toBe(bugSeeds[bug.name]);
    expect(new Set(seeds).size).toBe(200);
    const suits = seeds.slice(1).map((each) => profileOf(each) === bug.profile);
    expect(suits.lastIndexOf(true)).toBeLessThan(suits.indexOf(false));
    expect(suits[0]).toBe(true);
  });

  it('takes no other checker for the one that is named, and no seed that fails without the bug', async () => {
    const tasks: SeedTask[] = [];
    await searchBug(bug, reporting({}, tasks), { triesMax: 4 });
    const [first, second, third, fourth] = tasks.map(({ seed }) => seed);
    const run = reporting({
      [first!]: { planted: 'liveness' },
      [second!]: { planted: bug.checker, sound: bug.checker },
      [third!]: {},
      [fourth!]: { planted: bug.checker },
    });
    const verdict = await searchBug(bug, run, { triesMax: 4 });
    expect(verdict).toEqual({ bug: bug.name, checker: bug.checker, seed: fourth, tried: 4 });
    expect((await searchBug(bug, run, { triesMax: 3 })).seed).toBeUndefined();
  });

  it('has a stored seed for each bug', () => {
    expect(Object.keys(bugSeeds).sort()).toEqual(deliberateBugs.map(({ name }) => name).sort());
  });
});
