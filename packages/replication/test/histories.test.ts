import { describe, expect, it, jest } from '@jest/globals';

import { violations } from './model/check-history.js';
import { type Faults, simulate, type Tally } from './model/simulate.js';

const histories = Number(process.env['KV_TEST_HISTORIES'] ?? 1_500);
// No time is asserted here; a busy machine takes a while for thousands of histories.
jest.setTimeout(120_000);

/** A broken rule shows within some hundreds of histories, most within ten. */
const seedsUntilNoticed = 4_000;
const firstSeed = Number(process.env['KV_TEST_SEED'] ?? 1);

function run(seed: number, total: Partial<Tally>): void {
  const { history, tally } = simulate(seed);
  const found = violations(history);
  if (found.length > 0) throw new Error(`seed ${seed}: ${found.join('; ')}`);
  for (const name of Object.keys(tally) as (keyof Tally)[]) total[name] = (total[name] ?? 0) + tally[name];
}

describe('random histories of concurrent operations', () => {
  it('are durable, visible, monotonic and honest, and later writes win, over thousands of them', () => {
    const total: Partial<Tally> = {};
    for (let seed = firstSeed; seed < firstSeed + histories; seed += 1) run(seed, total);
    // A run that met no trouble has tested nothing.
    const least: Tally = {
      acknowledged: 5,
      unknown: 2,
      notApplied: 0.5,
      reads: 6,
      conflicts: 1.5,
      restamps: 1.5,
      writeBacks: 2,
      repairs: 1,
      repeatedReads: 0.2,
      crashes: 1,
      previousValues: 2,
    };
    for (const name of Object.keys(least) as (keyof Tally)[]) {
      expect([name, total[name]! >= least[name] * histories]).toEqual([name, true]);
    }
  });

  const broken: Record<string, Faults> = {
    'rule 1: acknowledged before the sync': { ackBeforeSync: true },
    'rule 2: no second stamp': { skipRestamp: true },
    'rule 2: a second stamp that is not above what was reported': { restampBlindly: true },
    'rule 3: a late clean reply of the first stamp counted': { countLateReplies: true },
    "rule 3: a duplicated reply counted as another replica's": { countDuplicates: true },
    'rule 7: unsynced state shown': { showUnsynced: true },
    'rule 8: no write-back': { skipWriteBack: true },
    'rule 8: a read of one replica': { readOne: true },
    "rule 11: a stamp above the client's ceiling": { ignoreCeiling: true },
    'rule 12: a refusal after the append': { refuseAfterAppend: true },
    'rule 12: a request called unsent that was sent': { denySending: true },
    'rule 13: the previous value guessed': { guessPrevious: true },
    "rule 16: the replicas' clocks ignored": { ignoreReplicaTime: true },
  };

  it.each(Object.entries(broken))('the checker notices %s', (_name, faults) => {
    let found: string[] = [];
    for (let seed = 1; seed <= seedsUntilNoticed && found.length === 0; seed += 1) {
      found = violations(simulate(seed, faults).history);
    }
    expect(found).not.toEqual([]);
  });
});
