import { describe, expect, it } from '@jest/globals';

import { check, checkerNames, type History } from '../../src/checkers/index.js';
import { convergent } from './known-bad/convergent.js';
import { durable } from './known-bad/durable.js';
import { expiry } from './known-bad/expiry.js';
import { honestOutcome } from './known-bad/honest-outcome.js';
import { laterWins } from './known-bad/later-wins.js';
import { linearizable } from './known-bad/linearizable.js';
import { monotonic } from './known-bad/monotonic.js';
import { noPhantom } from './known-bad/no-phantom.js';
import { once } from './known-bad/once.js';
import { previous } from './known-bad/previous.js';
import { scans } from './known-bad/scans.js';
import { visible } from './known-bad/visible.js';
import type { KnownBad } from './known-bad/known-bad.js';

const knownBad: readonly KnownBad[] = [
  ...durable,
  ...visible,
  ...monotonic,
  ...laterWins,
  ...honestOutcome,
  ...convergent,
  ...noPhantom,
  ...once,
  ...previous,
  ...linearizable,
  ...scans,
  ...expiry,
];

function rejectedBy(history: History): string[] {
  const { violations } = check(history);
  return checkerNames.filter((name) => violations.some(({ checker }) => checker === name));
}

describe('known-bad histories', () => {
  it.each(knownBad.map((bad) => [bad.rejectedBy[0]!, bad.name, bad] as const))(
    '%s: %s',
    (_checker, _name, { rejectedBy: expected, tell }) => {
      expect(rejectedBy(tell(true))).toEqual(checkerNames.filter((name) => expected.includes(name)));
      expect(check(tell(false)).violations).toEqual([]);
    },
  );

  it('every checker has some of its own', () => {
    for (const name of checkerNames) {
      expect(knownBad.filter(({ rejectedBy: [first] }) => first === name).length).toBeGreaterThan(1);
    }
  });
});
