import { describe, expect, it } from '@jest/globals';
import { open } from '@kv/storage';
import fc from 'fast-check';

import { rangeOf } from './range.js';
import { bufferOf, nameOf, type Store, type View } from './view.js';
import { Views } from './views.js';

const openStore = (): Promise<Store> =>
  open(':memory:', { keyEncoding: 'binary', valueEncoding: 'binary', snapshotIntervalMs: 0 });

interface Reading {
  readonly view: View;
  /** What the store held when the view was opened, by the keys' names. */
  readonly expected: ReadonlyMap<string, string>;
  readonly iteration: Iterator<[Buffer, Buffer | undefined]>;
  readonly expectedEntries: string[];
}

// Few short keys of few bytes: collisions, prefixes, the empty key and bytes above 127 all occur.
const bytes = fc
  .array(fc.constantFrom(0, 97, 98, 255), { maxLength: 3 })
  .map((array) => Uint8Array.from(array));
const range = fc.record(
  { gt: bytes, gte: bytes, lt: bytes, lte: bytes, reverse: fc.boolean() },
  { requiredKeys: ['reverse'] },
);
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('put'), key: bytes }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('delete'), key: bytes }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('open'), range }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('read'), which: fc.nat(), key: bytes }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close'), which: fc.nat() }) },
) as fc.Arbitrary<Command>;

type Command =
  | { kind: 'put' | 'delete'; key: Uint8Array }
  | { kind: 'open'; range: Parameters<typeof rangeOf>[0] }
  | { kind: 'read'; which: number; key: Uint8Array }
  | { kind: 'close'; which: number };

const nextOf = ({ iteration }: Reading): string | undefined => {
  const next = iteration.next();
  return next.done === true ? undefined : `${nameOf(next.value[0])}=${next.value[1]!.toString()}`;
};

describe('a view', () => {
  it('shows the store as it was when it was opened, whatever is written meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 60 }), async (commands) => {
        const store = await openStore();
        const views = new Views(store);
        const present = new Map<string, string>();
        let readings: Reading[] = [];
        let written = 0;
        for (const step of commands) {
          switch (step.kind) {
            case 'put':
              views.keep(step.key);
              written += 1;
              void store.put(step.key, String(written));
              present.set(nameOf(step.key), String(written));
              break;
            case 'delete':
              views.keep(step.key);
              void store.delete(step.key);
              present.delete(nameOf(step.key));
              break;
            case 'open': {
              const view = views.open();
              const iteration = view.entries(rangeOf(step.range), { values: true });
              const expectedEntries = oracle(present, step.range);
              readings.push({ view, expected: new Map(present), iteration, expectedEntries });
              break;
            }
            case 'read': {
              const reading = readings[step.which % readings.length];
              if (reading === undefined) break;
              const value = reading.expected.get(nameOf(step.key));
              expect(reading.view.get(step.key)?.toString()).toBe(value);
              expect(reading.view.has(step.key)).toBe(value !== undefined);
              expect(nextOf(reading)).toBe(reading.expectedEntries.shift());
              break;
            }
            case 'close': {
              const reading = readings[step.which % readings.length];
              if (reading === undefined) break;
              views.close(reading.view);
              readings = readings.filter((other) => other !== reading);
            }
          }
        }
        for (const reading of readings) {
          while (reading.expectedEntries.length > 0)
            expect(nextOf(reading)).toBe(reading.expectedEntries.shift());
          expect(nextOf(reading)).toBeUndefined();
        }
        await store.close();
      }),
      { numRuns: 300 },
    );
  });

  it('keeps thousands of changed keys in order', async () => {
    const store = await openStore();
    const views = new Views(store);
    const view = views.open();
    const names = Array.from({ length: 5_000 }, (_, index) => Buffer.from(String((index * 7_919) % 5_000)));
    for (const name of names) void store.put(name, name);
    // As if they had been there before, and are overwritten now.
    for (const name of names) views.keep(name);
    for (const name of names) void store.delete(name);
    const met = [...view.entries(rangeOf({ reverse: false }), { values: false })].map(([key]) => key);
    expect(met).toEqual([...names].sort((a, b) => Buffer.compare(a, b)));
    const back = [...view.entries(rangeOf({ reverse: true }), { values: false })].map(([key]) => key);
    expect(back).toEqual(met.reverse());
    await store.close();
  });
});

function oracle(present: ReadonlyMap<string, string>, given: Parameters<typeof rangeOf>[0]): string[] {
  const { lower, upper, reverse } = rangeOf(given);
  const entries = [...present]
    .map(([name, value]) => ({ key: Buffer.from(name, 'latin1'), entry: `${name}=${value}` }))
    .filter(({ key }) => {
      const above = lower === undefined ? 1 : Buffer.compare(key, bufferOf(lower.key));
      const below = upper === undefined ? 1 : Buffer.compare(bufferOf(upper.key), key);
      return (
        (above > 0 || (above === 0 && lower!.inclusive)) && (below > 0 || (below === 0 && upper!.inclusive))
      );
    })
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ entry }) => entry);
  return reverse ? entries.reverse() : entries;
}
