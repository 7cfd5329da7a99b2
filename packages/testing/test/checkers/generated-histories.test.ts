import { describe, expect, it } from '@jest/globals';

import {
  check,
  checkerNames,
  corruptHistory,
  generateHistory,
  generateRegister,
  type History,
  isLinearizable,
  isLinearizableByAllOrders,
  type Operation,
} from '../../src/checkers/index.js';
import { createSeededRandom } from '../../src/index.js';

/** Some of what `npm run -s checkers` does with 100,000. */
const histories = 600;

function isAccepted(operations: readonly Operation[]): boolean {
  return check({ operations, evidence: {} }).figures.linearizable.violations === 0;
}

describe('valid histories', () => {
  it('are accepted by every checker, and every checker has judged them', () => {
    const judged = new Map<string, number>();
    let returned = 0;
    for (let seed = 1; seed <= histories; seed += 1) {
      const { violations, figures, returnsWhileRunning } = check(generateHistory({ seed }));
      if (violations.length > 0) throw new Error(`seed ${seed}: ${violations[0]!.message}`);
      for (const name of checkerNames) judged.set(name, (judged.get(name) ?? 0) + figures[name].judged);
      returned += returnsWhileRunning;
    }
    for (const name of checkerNames) expect([name, judged.get(name)! > 2 * histories]).toEqual([name, true]);
    // What QUORUM allows while a put runs did happen.
    expect(returned).toBeGreaterThan(0);
  });

  it('one seed is one history', () => {
    const texts = [1, 1, 2].map((seed) => JSON.stringify(generateHistory({ seed })));
    expect(texts[0]).toBe(texts[1]);
    expect(texts[0]).not.toBe(texts[2]);
  });

  it('whatever order they are recorded in', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const history = generateHistory({ seed });
      const reversed: History = { ...history, operations: [...history.operations].reverse() };
      expect(check(reversed)).toEqual(check(history));
    }
  });

  it('with one fact made wrong, most are rejected', () => {
    let made = 0;
    let caught = 0;
    for (let seed = 1; seed <= histories; seed += 1) {
      const corruption = corruptHistory(generateHistory({ seed }), createSeededRandom(seed));
      if (corruption === undefined) continue;
      made += 1;
      if (check(corruption.history).violations.length > 0) caught += 1;
    }
    expect(made).toBeGreaterThan(histories / 2);
    expect(caught / made).toBeGreaterThan(0.6);
  });
});

describe('registers', () => {
  it('zones, search and all orders agree on short ones, right and wrong', () => {
    let accepted = 0;
    for (let seed = 1; seed <= histories; seed += 1) {
      const operations = generateRegister({ seed, operations: 1 + (seed % 6) });
      const answers = [
        isAccepted(operations),
        isLinearizable(operations),
        isLinearizableByAllOrders(operations),
      ];
      expect([seed, ...answers]).toEqual([seed, answers[0], answers[0], answers[0]]);
      if (answers[0] === true) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(histories / 5);
    expect(accepted).toBeLessThan((histories * 4) / 5);
  });

  it('zones and search agree on longer ones', () => {
    let accepted = 0;
    for (let seed = 1; seed <= histories / 2; seed += 1) {
      const operations = generateRegister({ seed, operations: 6 + (seed % 7) });
      const byZones = isAccepted(operations);
      expect([seed, byZones]).toEqual([seed, isLinearizable(operations)]);
      if (byZones) accepted += 1;
    }
    expect(accepted).toBeGreaterThan(histories / 20);
  });

  it('reads that do not tell why nothing was found never make zones reject what search accepts', () => {
    let rejected = 0;
    for (let seed = 1; seed <= histories; seed += 1) {
      const operations = generateRegister({ seed, operations: 2 + (seed % 7), untold: true });
      if (isAccepted(operations)) continue;
      rejected += 1;
      expect([seed, isLinearizable(operations)]).toEqual([seed, false]);
    }
    expect(rejected).toBeGreaterThan(histories / 10);
  });

  it('too many operations for a search are refused', () => {
    expect(() => isLinearizable(generateRegister({ seed: 1, operations: 31 }))).toThrow('31 operations');
  });
});
