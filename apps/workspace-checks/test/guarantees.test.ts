import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';
import { deliberateBugs } from '@kv/simulator';
import { checkerNames } from '@kv/testing/checkers';

const document = readFileSync(join(import.meta.dirname, '../../../docs/GUARANTEES.md'), 'utf8');

/** Names in backticks of each row's last column, by the checker in the one before it. */
function namedByChecker(): Map<string, string[]> {
  const rows = document.matchAll(/^\| [^|]+\| `([a-z-]+)` +\|([^|]*)\|$/gm);
  return new Map(
    [...rows].map(([, checker, names]) => [
      checker ?? '',
      [...(names ?? '').matchAll(/`([a-z-]+)`/g)].map(([, name]) => name ?? ''),
    ]),
  );
}

describe('docs/GUARANTEES.md', () => {
  it('names every checker', () => {
    expect([...namedByChecker().keys()]).toEqual(expect.arrayContaining([...checkerNames]));
  });

  it('names for each checker the mistakes that it must notice, all of them and no others', () => {
    const expected = new Map(
      [...namedByChecker().keys()].map((checker): [string, string[]] => [checker, []]),
    );
    for (const { name, checker } of deliberateBugs) expected.get(checker)?.push(name);
    const sorted = (names: Map<string, string[]>) =>
      [...names].map(([checker, list]) => [checker, list.sort()]);
    expect(sorted(namedByChecker())).toEqual(sorted(expected));
  });
});
