import { describe, expect, it } from '@jest/globals';

import { check, checkerNames, type History } from '../../src/checkers/index.js';
import { knownBad } from './known-bad.js';

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
