import { describe, expect, it } from '@jest/globals';
import type { RecordView } from '@kv/storage';
import * as fc from 'fast-check';

import { recordAt } from '../../test/model/core-harness.js';
import { comparePages, type CopyPage } from './compare-pages.js';

/** Of each key, when it was written; absent keys are absent. */
type Copy = ReadonlyMap<string, number>;

const keys = ['a', 'b', 'ba', 'c', 'd', 'e', 'f'];
const copy: fc.Arbitrary<Copy> = fc
  .array(fc.tuple(fc.constantFrom(...keys), fc.integer({ min: 1, max: 3 })))
  .map((entries) => new Map(entries));

const recordsOf = (held: Copy): RecordView[] =>
  [...held].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, tick]) => recordAt(tick, { key }));

function pageOf(held: Copy, after: Uint8Array | undefined, size: number): CopyPage {
  const behind = recordsOf(held).filter(({ key }) => after === undefined || Buffer.compare(key, after) > 0);
  return { records: behind.slice(0, size), more: behind.length > size };
}

function merged(a: Copy, b: Copy): Copy {
  const all = new Map(a);
  for (const [key, tick] of b) all.set(key, Math.max(tick, all.get(key) ?? 0));
  return new Map([...all].sort(([x], [y]) => (x < y ? -1 : 1)));
}

const take = (held: Map<string, number>, records: readonly RecordView[]): void => {
  const firstTick = recordAt(0).version.timestamp;
  for (const { key, version } of records) {
    held.set(String.fromCharCode(...key), Math.round((version.timestamp - firstTick) / 4096));
  }
};

describe('comparing two copies page by page', () => {
  it('leaves both with the newest of each key, whatever the sizes of the pages', () => {
    fc.assert(
      fc.property(
        copy,
        copy,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (a, b, m, n) => {
          const theirs = new Map(a);
          const ours = new Map(b);
          let after: Uint8Array | undefined;
          do {
            const { keep, send, next } = comparePages(pageOf(theirs, after, m), pageOf(ours, after, n));
            take(ours, keep);
            take(theirs, send);
            after = next;
          } while (after !== undefined);
          const expected = [...merged(a, b)];
          expect([...merged(ours, new Map())]).toEqual(expected);
          expect([...merged(theirs, new Map())]).toEqual(expected);
        },
      ),
    );
  });

  it('moves nothing between copies that are alike', () => {
    fc.assert(
      fc.property(copy, (held) => {
        const page = pageOf(held, undefined, 10);
        expect(comparePages(page, page)).toEqual({ keep: [], send: [], next: undefined });
      }),
    );
  });
});
