import { describe, expect, it, jest } from '@jest/globals';
import { check, type CheckerName } from '@kv/testing/checkers';

import { type Faults, simulate, type Tally } from './model/simulate.js';

const histories = Number(process.env['KV_TEST_HISTORIES'] ?? 1_500);
// No time is asserted here; a busy machine takes a while for thousands of histories.
jest.setTimeout(120_000);

/** A broken rule shows within some hundreds of histories, most within ten. */
const seedsUntilNoticed = 4_000;
const firstSeed = Number(process.env['KV_TEST_SEED'] ?? 1);

function run(seed: number, total: Partial<Tally>): void {
  const { history, tally } = simulate(seed);
  const { violations } = check(history);
  const found = violations.map(({ checker, message }) => `${checker}: ${message}`);
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

  /** The statement that a broken rule contradicts, and the checker that must say so. */
  const broken: [rule: string, by: CheckerName, faults: Faults][] = [
    ['rule 1: acknowledged before the sync', 'durable', { ackBeforeSync: true }],
    ['rule 2: no second stamp', 'later-wins', { skipRestamp: true }],
    ['rule 2: a second stamp that is not above what was reported', 'later-wins', { restampBlindly: true }],
    ['rule 3: a late clean reply of the first stamp counted', 'durable', { countLateReplies: true }],
    ["rule 3: a duplicated reply counted as another replica's", 'durable', { countDuplicates: true }],
    ['rule 7: unsynced state shown', 'monotonic', { showUnsynced: true }],
    ['rule 8: no write-back', 'monotonic', { skipWriteBack: true }],
    ['rule 8: a read of one replica', 'visible', { readOne: true }],
    ["rule 11: a stamp above the client's ceiling", 'later-wins', { ignoreCeiling: true }],
    ['rule 12: a refusal after the append', 'honest-outcome', { refuseAfterAppend: true }],
    ['rule 12: a request called unsent that was sent', 'honest-outcome', { denySending: true }],
    ['rule 13: the previous value guessed', 'previous', { guessPrevious: true }],
    ["rule 16: the replicas' clocks ignored", 'monotonic', { ignoreReplicaTime: true }],
  ];

  it.each(broken)('%s: %s notices', (_rule, by, faults) => {
    let noticed = false;
    for (let seed = 1; seed <= seedsUntilNoticed && !noticed; seed += 1) {
      noticed = check(simulate(seed, faults).history).figures[by].violations > 0;
    }
    expect(noticed).toBe(true);
  });
});
