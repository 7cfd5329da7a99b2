import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createManualClock, createMemoryFileSystem, type ManualClock } from '@kv/testing';
import fc from 'fast-check';

import { open } from './open.js';
import type { KvStore, KvView, RangeOptions } from './store.js';

// Many small cases: on a busy machine they take longer than the default allows.
jest.setTimeout(60_000);

const code = (expected: string) => expect.objectContaining({ code: expected });
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

describe('a view of the store', () => {
  let clock: ManualClock;
  let store: KvStore;

  const opened = (options = {}) =>
    open(
      '/data/store',
      { memoryBytesMax: 64 * 1024 * 1024, snapshotIntervalMs: 0, ...options },
      { fileSystem: createMemoryFileSystem(), clock },
    );
  const bytesKept = (view: () => KvView): number => {
    const before = store.stats().memoryBytes;
    view();
    return store.stats().memoryBytes - before;
  };

  beforeEach(async () => {
    clock = createManualClock({ nowMs: 1_750_000_000_000 });
    store = await opened();
  });

  afterEach(() => store.close());

  it('shows one moment: by single keys, by several, and by ranges, again and again', async () => {
    await store.batch(['a', 'b', 'c'].map((key) => ({ type: 'put', key, value: `old ${key}` })));
    const view = store.view();
    await store.put('a', 'new a');
    await store.delete('b');
    await store.put('bb', 'new bb');
    await store.put('b', 'back again');
    await store.delete('bb');
    const old = [
      ['a', 'old a'],
      ['b', 'old b'],
      ['c', 'old c'],
    ];
    expect([...view.entries()]).toEqual(old);
    expect([...view.entries({ reverse: true })]).toEqual([...old].reverse());
    expect([...view.keys({ gt: 'a' })]).toEqual(['b', 'c']);
    expect([...view.values({ prefix: 'b' })]).toEqual(['old b']);
    expect(view.getMany(['b', 'bb', 'a'])).toEqual(['old b', undefined, 'old a']);
    expect([view.has('b'), view.has('bb'), view.get('c')]).toEqual([true, false, 'old c']);
    expect([...store.keys()]).toEqual(['a', 'b', 'c']);
    view.close();
  });

  it('leaves out what has expired, and nothing else', async () => {
    await store.put('a', '1', { ttlMs: 100 });
    await store.put('b', '1', { ttlMs: 200 });
    const view = store.view();
    await store.delete('a');
    await store.delete('b');
    expect([...view.keys()]).toEqual(['a', 'b']);
    clock.advance(100);
    expect([view.get('a'), view.has('a'), view.get('b')]).toEqual([undefined, false, '1']);
    expect([...view.keys()]).toEqual(['b']);
    view.close();
  });

  it('is refused once it is closed, or the store is; iterations that have begun go on', async () => {
    await store.batch(['a', 'b'].map((key) => ({ type: 'put', key, value: key })));
    const view = store.view();
    const keys = view.keys();
    const begun = keys[Symbol.iterator]();
    expect(begun.next().value).toBe('a');
    view.close();
    view.close();
    await store.delete('b');
    expect(begun.next().value).toBe('b');
    expect(() => view.get('a')).toThrow(code('closed'));
    expect(() => view.has('a')).toThrow(code('closed'));
    expect(() => [...keys]).toThrow(code('closed'));
    const other = store.view();
    await store.close();
    expect(() => other.get('a')).toThrow(code('closed'));
    expect(() => [...other.keys()]).toThrow(code('closed'));
    expect(() => store.view()).toThrow(code('closed'));
  });

  it('keeps what changes once, for all views of one moment, until the last of them is closed', async () => {
    const names = Array.from({ length: 100 }, (_, index) => `key ${index}`);
    const putAll = (value: string) =>
      store.batch(names.map((key) => ({ type: 'put', key, value: value.padEnd(1_000) })));
    await putAll('0');
    const views = [store.view(), store.view(), store.view()];
    const before = store.stats().memoryBytes;
    for (let round = 1; round < 50; round += 1) {
      await putAll(String(round));
      await turn();
    }
    const kept = store.stats().memoryBytes - before;
    expect(kept).toBeGreaterThan(100_000);
    // What was written since takes 0.4 of what lives at most, and some.
    expect(kept).toBeLessThan(250_000);
    for (const view of views) expect(view.getMany(names)).toEqual(names.map(() => '0'.padEnd(1_000)));
    views[0]!.close();
    expect(views[2]!.get('key 7')).toBe('0'.padEnd(1_000));
    const withTwo = store.stats().memoryBytes;
    views[1]!.close();
    expect(store.stats().memoryBytes).toBe(withTwo);
    views[2]!.close();
    expect(withTwo - store.stats().memoryBytes).toBeGreaterThan(100_000);
  });

  it('costs nothing before something changes, and forgets keys that come and go', async () => {
    await store.put('a', '1');
    const view = store.view();
    expect(bytesKept(() => store.view())).toBe(0);
    for (let round = 0; round < 20_000; round += 1) {
      void store.put(`passing ${round}`, '');
      void store.delete(`passing ${round}`);
    }
    await store.put('b', '2');
    await turn();
    // 20,000 of them would be more than 640,000 bytes.
    expect(store.stats().memoryBytes).toBeLessThan(200_000);
    expect([...view.keys()]).toEqual(['a']);
    view.close();
  });

  it('counts for memoryBytesMax: what it keeps is no room for others', async () => {
    await store.close();
    const memoryBytesMax = 4_000_000;
    store = await opened({ memoryBytesMax });
    const names = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
    const rewrite = async () => {
      for (const name of names) await store.put(name, 'v'.repeat(1_000));
    };
    await rewrite();
    const views: KvView[] = [];
    const fill = async () => {
      for (let round = 0; round < 6; round += 1) {
        views.push(store.view());
        await rewrite();
      }
    };
    await expect(fill()).rejects.toThrow(code('memory-full'));
    expect(store.stats().memoryBytes).toBeGreaterThan(memoryBytesMax * 0.8);
    expect(store.stats().memoryBytes).toBeLessThan(memoryBytesMax * 1.05);
    for (const view of views) {
      expect(view.getMany(names).every((value) => value?.length === 1_000)).toBe(true);
    }
    await store.delete('key 0');
    for (const view of views) view.close();
    await rewrite();
  });

  it('sorts and reads in turns when asked to', async () => {
    const many = Array.from({ length: 20_000 }, (_, index) =>
      String((index * 7_919) % 20_000).padStart(5, '0'),
    );
    await store.batch(many.map((key) => ({ type: 'put', key, value: '' })));
    const view = store.view();
    let turns = 0;
    const counted = (): void => {
      turns += 1;
      immediate = setImmediate(counted);
      void store.put(`new ${turns}`, '');
      void store.delete(many[turns % 20_000]!);
    };
    let immediate = setImmediate(counted);
    const met: string[] = [];
    for await (const key of view.keys()) met.push(key);
    clearImmediate(immediate);
    expect(met).toEqual([...many].sort());
    expect(turns).toBeGreaterThan(50);
    view.close();
  });

  it('shows what a copied Map shows, while writes, cleaning and snapshots go on', async () => {
    const seen = { cleaned: 0, snapshots: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 50, maxLength: 200, size: 'max' }), async (run) => {
        const world = await createWorld();
        for (const step of run) await step(world);
        for (const reading of world.readings) await finish(reading);
        for (const { view } of world.readings) view.close();
        const { appended, memoryBytes } = world.store.stats();
        if (appended * valueBytes > 1.5 * memoryBytes) seen.cleaned += 1;
        if (world.store.stats().lastSnapshotAtMs > 0) seen.snapshots += 1;
        await world.store.close();
      }),
      { numRuns: 100 },
    );
    expect(seen.cleaned).toBeGreaterThan(10);
    expect(seen.snapshots).toBeGreaterThan(10);
  });
});

/** A view, and what it is to show. */
interface Reading {
  readonly view: KvView;
  readonly expected: ReadonlyMap<string, string>;
  readonly ranges: {
    readonly next: () => Promise<unknown>;
    readonly left: [string, string][];
  }[];
}

interface World {
  readonly store: KvStore;
  readonly model: Map<string, string>;
  readings: Reading[];
  written: number;
}

async function createWorld(): Promise<World> {
  const store = await open(
    '/data',
    { memoryBytesMax: 64 * 1024 * 1024, snapshotIntervalMs: 0, durability: 'os' },
    { fileSystem: createMemoryFileSystem() },
  );
  return { store, model: new Map(), readings: [], written: 0 };
}

/** Four of them fill the first segment. */
const valueBytes = 4_000;

// Few keys, of which some begin others, and the empty one; in the order of their bytes, which is not that of UTF-16.
const names = ['', 'a', 'aa', 'ab', 'b', 'ba', 'c', 'ä', '\uffff', '😀'];
const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
const key = fc.constantFrom(...names);
const range = fc.record(
  { gt: key, gte: key, lt: key, lte: key, prefix: key, reverse: fc.boolean(), limit: fc.nat(8) },
  { requiredKeys: [] },
);

type Step = (world: World) => Promise<void> | void;

/** Several times, so that there is more to clean than to keep. */
const put = key.map((name): Step => (world) => {
  for (let time = 0; time < 4; time += 1) {
    const value = String((world.written += 1)).padEnd(valueBytes);
    void world.store.put(name, value);
    world.model.set(name, value);
  }
});
const remove = key.map((name): Step => ({ store, model }) => {
  void store.delete(name);
  model.delete(name);
});
const batch = fc.uniqueArray(key, { maxLength: 4 }).map((all): Step => ({ store, model, written }) => {
  void store.batch(all.map((name) => ({ type: 'put', key: name, value: `batch ${written}` })));
  for (const name of all) model.set(name, `batch ${written}`);
});
const look = fc.constant<Step>(({ store, model, readings }) => {
  readings.push({ view: store.view(), expected: new Map(model), ranges: [] });
});
const iterate = fc.tuple(fc.nat(), range, fc.boolean()).map(([which, given, inTurns]): Step => {
  return ({ readings }) => {
    const reading = readings[which % readings.length];
    if (reading === undefined) return;
    const entries = reading.view.entries(given);
    const left = inRange(reading.expected, given);
    if (inTurns) {
      const iterator: AsyncIterator<unknown> = entries[Symbol.asyncIterator]();
      reading.ranges.push({ next: async () => (await iterator.next()).value as unknown, left });
    } else {
      const iterator: Iterator<unknown> = entries[Symbol.iterator]();
      reading.ranges.push({ next: () => Promise.resolve(iterator.next().value), left });
    }
  };
});
const read = fc.tuple(fc.nat(), fc.nat(), key).map(([which, range, name]): Step => async ({ readings }) => {
  const reading = readings[which % readings.length];
  if (reading === undefined) return;
  expect(reading.view.get(name)).toBe(reading.expected.get(name));
  expect(reading.view.has(name)).toBe(reading.expected.has(name));
  const one = reading.ranges[range % reading.ranges.length];
  if (one !== undefined) expect(await one.next()).toEqual(one.left.shift());
});
const close = fc.nat().map((which): Step => async (world) => {
  const reading = world.readings[which % world.readings.length];
  if (reading === undefined) return;
  reading.view.close();
  world.readings = world.readings.filter((other) => other !== reading);
  for (const one of reading.ranges) await finishRange(one);
});
const snapshot = fc.constant<Step>(({ store }) => store.snapshot());
/** Cleaning goes on in turns of its own. */
const rest = fc.constant<Step>(turn);

const steps = fc.oneof(
  { weight: 9, arbitrary: put },
  { weight: 4, arbitrary: remove },
  { weight: 2, arbitrary: batch },
  { weight: 2, arbitrary: look },
  { weight: 3, arbitrary: iterate },
  { weight: 8, arbitrary: read },
  { weight: 1, arbitrary: close },
  { weight: 1, arbitrary: snapshot },
  { weight: 3, arbitrary: rest },
);

async function finish({ view, expected, ranges }: Reading): Promise<void> {
  for (const name of names) expect(view.get(name)).toBe(expected.get(name));
  for (const one of ranges) await finishRange(one);
  expect([...view.entries()]).toEqual(inRange(expected, {}));
}

async function finishRange({ next, left }: Reading['ranges'][number]): Promise<void> {
  for (const entry of [...left, undefined]) expect(await next()).toEqual(entry);
}

function inRange(
  model: ReadonlyMap<string, string>,
  { gt, gte, lt, lte, prefix = '', reverse = false, limit = Infinity }: RangeOptions<string>,
): [string, string][] {
  const order = (name: string): number => sorted.indexOf(name);
  const found = sorted.filter(
    (name) =>
      model.has(name) &&
      name.startsWith(prefix) &&
      (gt === undefined || order(name) > order(gt)) &&
      (gte === undefined || order(name) >= order(gte)) &&
      (lt === undefined || order(name) < order(lt)) &&
      (lte === undefined || order(name) <= order(lte)),
  );
  if (reverse) found.reverse();
  return found.slice(0, limit).map((name) => [name, model.get(name)!]);
}
