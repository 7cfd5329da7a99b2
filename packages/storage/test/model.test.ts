import { describe, expect, it, jest } from '@jest/globals';
import {
  createManualClock,
  createMemoryFileSystem,
  type ManualClock,
  type MemoryFileSystem,
} from '@kv/testing';
import fc from 'fast-check';

import { open } from '../src/embedded/open.js';
import type { KvStore, RangeOptions } from '../src/embedded/store.js';

// Many small cases: on a busy machine they take longer than the default allows.
jest.setTimeout(60_000);

/** The dumb oracle: a Map, sorted when asked. */
type Model = Map<string, { value: string; expiresAtMs: number }>;

interface World {
  fileSystem: MemoryFileSystem;
  readonly clock: ManualClock;
  store: KvStore;
  readonly model: Model;
}

interface Step {
  readonly name: string;
  readonly run: (world: World) => Promise<void>;
}

const keyOf = fc.constantFrom('', 'a', 'aa', 'ab', 'b', 'ba', 'c', 'ä', '😀');

const reopened = async (world: World): Promise<KvStore> =>
  open(
    '/data',
    { snapshotIntervalMs: 0, memoryBytesMax: 64 * 1024 * 1024 },
    { fileSystem: world.fileSystem, clock: world.clock },
  );

const put = fc
  .tuple(keyOf, fc.string({ maxLength: 4 }), fc.option(fc.integer({ min: 1, max: 50 })))
  .map(([key, value, ttlMs]): Step => ({
    name: `put ${key} ${ttlMs ?? ''}`,
    async run({ store, model, clock }) {
      await store.put(key, value, ttlMs === null ? {} : { ttlMs });
      model.set(key, { value, expiresAtMs: ttlMs === null ? Infinity : clock.nowMs() + ttlMs });
    },
  }));

const remove = keyOf.map((key): Step => ({
  name: `delete ${key}`,
  async run({ store, model }) {
    await store.delete(key);
    model.delete(key);
  },
}));

const batch = fc
  .array(fc.tuple(keyOf, fc.option(fc.string({ maxLength: 3 }))), { maxLength: 5 })
  .map((operations): Step => ({
    name: `batch of ${operations.length}`,
    async run({ store, model }) {
      await store.batch(
        operations.map(([key, value]) =>
          value === null ? { type: 'delete', key } : { type: 'put', key, value },
        ),
      );
      for (const [key, value] of operations) {
        if (value === null) model.delete(key);
        else model.set(key, { value, expiresAtMs: Infinity });
      }
    },
  }));

const pass = fc.integer({ min: 1, max: 30 }).map((ms): Step => ({
  name: `${ms} ms pass`,
  run({ clock }) {
    clock.advance(ms);
    return Promise.resolve();
  },
}));

let cleaned = 0;

const rest: readonly Step[] = [
  { name: 'snapshot', run: ({ store }) => store.snapshot() },
  {
    name: 'close and open',
    async run(world) {
      await world.store.close();
      world.store = await reopened(world);
    },
  },
  {
    name: 'crash of the machine',
    async run(world) {
      world.fileSystem = world.fileSystem.crash();
      world.store = await reopened(world);
    },
  },
  {
    // A megabyte comes in for nine keys, so memory is cleaned, beside a snapshot; what it moves has to stay what it is.
    name: 'clean',
    async run({ store, model }) {
      const snapshot = store.snapshot();
      const last = { value: '', expiresAtMs: Infinity };
      for (let round = 0; round < 1_000; round += 1) {
        const value = `${round} `.padEnd(1_000, 'x');
        const written = store.put('a', value);
        if (round % 100 === 99) await written;
        last.value = value;
      }
      model.set('a', last);
      await snapshot;
      cleaned += 1;
      const { memoryBytes } = store.stats();
      if (memoryBytes > 600_000) throw new Error(`${memoryBytes} bytes for nine keys`);
    },
  },
  {
    name: 'crash while a snapshot is being taken',
    async run(world) {
      const snapshot = world.store.snapshot();
      await new Promise((resolve) => setImmediate(resolve));
      const crashed = world.fileSystem.crash();
      await snapshot;
      world.fileSystem = crashed;
      world.store = await reopened(world);
    },
  },
];

const step = fc.oneof(
  { weight: 6, arbitrary: put },
  { weight: 3, arbitrary: remove },
  { weight: 3, arbitrary: batch },
  { weight: 1, arbitrary: pass },
  { weight: 3, arbitrary: fc.constantFrom(...rest) },
);

const range = fc.record(
  {
    prefix: keyOf,
    gt: keyOf,
    gte: keyOf,
    lt: keyOf,
    lte: keyOf,
    reverse: fc.boolean(),
    limit: fc.integer({ min: 0, max: 5 }),
  },
  { requiredKeys: [] },
);

function expectedEntries(
  { model, clock }: World,
  { prefix = '', gt, gte, lt, lte, reverse, limit }: RangeOptions<string>,
): [string, string][] {
  const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const entries = [...model]
    .filter(([, { expiresAtMs }]) => expiresAtMs > clock.nowMs())
    .filter(([key]) => Buffer.from(key).subarray(0, Buffer.byteLength(prefix)).equals(Buffer.from(prefix)))
    .filter(([key]) => gt === undefined || order(key, gt) > 0)
    .filter(([key]) => gte === undefined || order(key, gte) >= 0)
    .filter(([key]) => lt === undefined || order(key, lt) < 0)
    .filter(([key]) => lte === undefined || order(key, lte) <= 0)
    .sort(([a], [b]) => order(a, b))
    .map(([key, { value }]): [string, string] => [key, value]);
  if (reverse === true) entries.reverse();
  return entries.slice(0, limit ?? Infinity);
}

describe('embedded store against a Map', () => {
  it('is the same after any operations, snapshots, restarts and crashes', async () => {
    let crashes = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), range, async (steps, within) => {
        const fileSystem = createMemoryFileSystem();
        const clock = createManualClock({ nowMs: 1_750_000_000_000 });
        const store = await open(
          '/data',
          { snapshotIntervalMs: 0, memoryBytesMax: 64 * 1024 * 1024 },
          { fileSystem, clock },
        );
        const world: World = { fileSystem, clock, store, model: new Map() };
        for (const { name, run } of steps) {
          await run(world);
          if (name.startsWith('crash')) crashes += 1;
          expect([...world.store.entries()]).toEqual(expectedEntries(world, {}));
        }
        expect([...world.store.entries(within as RangeOptions<string>)]).toEqual(
          expectedEntries(world, within),
        );
        for (const key of ['', 'a', 'ä', 'never']) {
          const found = world.model.get(key);
          const live = found !== undefined && found.expiresAtMs > clock.nowMs();
          expect(world.store.get(key)).toBe(live ? found.value : undefined);
          expect(world.store.has(key)).toBe(live);
        }
        await world.store.close();
      }),
      { numRuns: 150 },
    );
    expect(crashes).toBeGreaterThan(50);
    expect(cleaned).toBeGreaterThan(20);
  });
});
