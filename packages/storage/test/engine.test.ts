import { describe, expect, it, jest } from '@jest/globals';
import { zeroTimestamp } from '@kv/hlc';
import { createMemoryFileSystem, type FileSystemShape } from '@kv/testing';
import fc from 'fast-check';

import { hashKey, partitionOfHash, readRecord, readRecords } from '../src/record/record.js';
import {
  bytesOf,
  directory,
  type Mutation,
  openOn,
  read,
  recordOf,
  stamp,
  store,
  storeDurably,
  textOf,
} from './engine-harness.js';

// Many small cases: on a busy machine they take longer than the default allows.
jest.setTimeout(60_000);

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000; turn += 1) {
    if (condition()) return;
    await turns(1);
  }
  throw new Error('it did not come to pass');
}

describe('engine', () => {
  it('basic operations: stored, already, newer, and what was before', async () => {
    const { engine } = await openOn(createMemoryFileSystem());
    const first = recordOf({ key: 'a', value: '1', order: 1 });
    const second = recordOf({ key: 'a', value: '2', order: 2 });
    const [stored] = engine.apply(first);
    expect(stored).toMatchObject({ kind: 'stored', previous: undefined });
    expect([...engine.apply(first)]).toMatchObject([
      { kind: 'already', position: (stored as { position: number }).position },
    ]);
    const [replaced] = engine.apply(second);
    if (replaced?.kind !== 'stored') throw new Error('not stored');
    expect(replaced.previous?.bytes).toEqual(first);
    const [late] = engine.apply(first);
    expect(late).toMatchObject({ kind: 'newer', position: replaced.position });
    if (late?.kind !== 'newer') throw new Error('not newer');
    expect(late.newer.bytes).toEqual(second);
    expect(engine.get(bytesOf('a'))?.record.bytes).toEqual(second);
    expect(engine.get(bytesOf('a'), hashKey(bytesOf('a')))?.position).toBe(replaced.position);
    expect(engine.get(bytesOf('b'))).toBeUndefined();
    await engine.close();
  });

  it('copies what it keeps, and verifies all before it applies any', async () => {
    const { engine } = await openOn(createMemoryFileSystem());
    const message = Buffer.concat([
      recordOf({ key: 'a', value: '1', order: 1 }),
      recordOf({ key: 'b', value: '1', order: 2 }),
    ]);
    const broken = Buffer.from(message);
    broken[message.length - 1] = 1;
    expect(() => engine.apply(broken)).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect(read(engine, 'a')).toBeUndefined();
    engine.apply(readRecords(message));
    message.fill(0);
    expect([read(engine, 'a'), read(engine, 'b')]).toEqual(['1', '1']);
    expect([...engine.apply(new Uint8Array(0))]).toEqual([]);
    await engine.close();
  });

  it('timestamp ordering: the newest version wins, in whatever order, as often as it comes', async () => {
    const mutation: fc.Arbitrary<Mutation> = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      value: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }),
      order: fc.integer({ min: 1, max: 5 }),
      node: fc.integer({ min: 1, max: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { maxLength: 30 }), async (mutations) => {
        const { engine } = await openOn(createMemoryFileSystem(), { directory: ':memory:' });
        const { engine: backwards } = await openOn(createMemoryFileSystem(), { directory: ':memory:' });
        const records = mutations.map(recordOf);
        for (const record of records) engine.apply(record);
        for (const record of [...records].reverse()) backwards.apply(Buffer.concat([record, record]));
        for (const key of ['a', 'b', 'c']) {
          const best = records
            .map((record) => readRecord(record))
            .filter((record) => textOf(record.key) === key)
            .sort(
              (x, y) =>
                y.version.timestamp - x.version.timestamp ||
                y.version.node - x.version.node ||
                Buffer.compare(y.bytes, x.bytes),
            )
            .at(0);
          expect(engine.get(bytesOf(key))?.record.bytes).toEqual(best?.bytes);
          expect(backwards.get(bytesOf(key))?.record.bytes).toEqual(best?.bytes);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('equal versions with different bytes: the larger bytes win, and an alarm is raised', async () => {
    for (const values of [
      ['x', 'y'],
      ['y', 'x'],
    ]) {
      const { engine, logger } = await openOn(createMemoryFileSystem());
      const records = values.map((value) => recordOf({ key: 'a', value, order: 1 }));
      for (const record of records) engine.apply(record);
      const larger = [...records].sort((a, b) => Buffer.compare(a, b)).at(-1);
      expect(engine.get(bytesOf('a'))?.record.bytes).toEqual(larger);
      expect(logger.messages('error')).toEqual([expect.stringContaining('same version')]);
      await engine.close();
    }
  });

  it('tombstones are kept, read, scanned, snapshotted and recovered', async () => {
    const fileSystem = createMemoryFileSystem();
    let { engine } = await openOn(fileSystem);
    await storeDurably(engine, { key: 'a', value: '1', order: 1 });
    await storeDurably(engine, { key: 'a', order: 2 });
    await storeDurably(engine, { key: 'never put', order: 3 });
    for (let round = 0; round < 3; round += 1) {
      expect([read(engine, 'a'), read(engine, 'never put')]).toEqual([null, null]);
      expect(engine.stats()).toMatchObject({ keys: 0, tombstones: 2 });
      expect([...engine.apply(recordOf({ key: 'a', value: '1', order: 1 }))]).toMatchObject([
        { kind: 'newer' },
      ]);
      if (round === 1) await engine.snapshot();
      await engine.close();
      ({ engine } = await openOn(fileSystem));
    }
    await engine.close();
  });

  it('TTL: expired records are kept and given out as they are', async () => {
    const fileSystem = createMemoryFileSystem();
    let { engine } = await openOn(fileSystem);
    await storeDurably(engine, { key: 'a', value: '1', order: 1, expiresAtMs: 5 });
    await engine.snapshot();
    await engine.close();
    ({ engine } = await openOn(fileSystem));
    expect(engine.get(bytesOf('a'))?.record).toMatchObject({ expiresAtMs: 5, tombstone: false });
    await engine.close();
  });

  it('above memoryBytesMax refuses new puts only: not what is here, older, or a delete', async () => {
    const { engine } = await openOn(createMemoryFileSystem(), { memoryBytesMax: 100_000 });
    const first = recordOf({ key: 'a', value: 'v'.repeat(60_000), order: 5 });
    expect([...engine.apply(first)]).toMatchObject([{ kind: 'stored' }]);
    expect([...engine.apply(recordOf({ key: 'b', value: 'v'.repeat(20_000), order: 6 }))]).toEqual([
      { kind: 'refused', code: 'memory-full' },
    ]);
    expect([...engine.apply(first)]).toMatchObject([{ kind: 'already' }]);
    expect([...engine.apply(recordOf({ key: 'a', value: 'older', order: 4 }))]).toMatchObject([
      { kind: 'newer' },
    ]);
    expect([...engine.apply(recordOf({ key: 'a', value: 'smaller', order: 6 }))]).toMatchObject([
      { kind: 'stored' },
    ]);
    expect([...engine.apply(recordOf({ key: 'c', order: 7 }))]).toMatchObject([{ kind: 'stored' }]);
    await engine.close();
  });

  it('scans a partition in the order of its keys, from anywhere', async () => {
    const { engine } = await openOn(createMemoryFileSystem());
    const keys = Array.from({ length: 200 }, (_, index) => `k${index}`);
    keys.forEach((key, index) => store(engine, { key, value: key, order: index + 1 }));
    const scanned: string[] = [];
    for (let partition = 0; partition < 8; partition += 1) {
      const of = (options?: object) =>
        [...engine.scanPartition(partition, options)].map(({ record }) => textOf(record.key));
      const expected = keys.filter((key) => partitionOfHash(hashKey(bytesOf(key)), 8) === partition).sort();
      expect(of()).toEqual(expected);
      expect(of({ prefix: bytesOf('k1') })).toEqual(expected.filter((key) => key.startsWith('k1')));
      for (const after of [expected[0]!, 'k15', 'a', 'z']) {
        expect(of({ after: bytesOf(after) })).toEqual(expected.filter((key) => key > after));
        expect(of({ after: bytesOf(after), prefix: bytesOf('k1') })).toEqual(
          expected.filter((key) => key > after && key.startsWith('k1')),
        );
        expect(of({ from: bytesOf(after) })).toEqual(expected.filter((key) => key >= after));
      }
      scanned.push(...of());
    }
    expect(scanned.sort()).toEqual([...keys].sort());
    expect(() => engine.scanPartition(8)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    await engine.close();
  });

  it('concurrent operations share a batch and its sync: group commit', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openOn(fileSystem);
    const syncs = () =>
      fileSystem.operations.filter(({ kind, path }) => kind === 'sync' && path.includes('log-')).length;
    const before = syncs();
    const positions = Array.from({ length: 500 }, (_, index) =>
      store(engine, { key: `key${index}`, value: '1', order: index + 1 }),
    );
    expect(positions.every((position) => !engine.isDurable(position))).toBe(true);
    await Promise.all(positions.map((position) => engine.durable(position)));
    expect(syncs() - before).toBe(1);
    expect(engine.stats()).toMatchObject({ appended: 500, durable: 500, batches: 1, syncs: 1 });
    await engine.close();
  });

  it('high concurrency: what comes while a sync is under way gathers for the next one', async () => {
    const inner = createMemoryFileSystem();
    let inFlight = 0;
    let inFlightMax = 0;
    const slow: FileSystemShape = {
      ...inner,
      create: async (path) => {
        const file = await inner.create(path);
        const alone = async <Result>(act: () => Promise<Result>): Promise<Result> => {
          inFlight += 1;
          inFlightMax = Math.max(inFlightMax, inFlight);
          await new Promise((resolve) => setTimeout(resolve, 2));
          const result = await act();
          inFlight -= 1;
          return result;
        };
        return {
          write: (bytes, position) => alone(() => file.write(bytes, position)),
          writev: (parts, position) => alone(() => file.writev(parts, position)),
          writevAtOnce: () => undefined,
          sync: () => alone(() => file.sync()),
          close: () => file.close(),
        };
      },
    };
    const { engine } = await openOn(slow);
    const writers = Array.from({ length: 64 }, async (_, writer) => {
      for (let index = 1; index <= 5; index += 1) {
        await storeDurably(engine, { key: `key${writer}`, value: String(index), order: index });
      }
    });
    await Promise.all(writers);
    const { appended, durable, batches } = engine.stats();
    expect([appended, durable]).toEqual([320, 320]);
    expect(batches).toBeLessThanOrEqual(12);
    expect(inFlightMax).toBe(1);
    const after = await openOn(inner.crash());
    for (let writer = 0; writer < 64; writer += 1) expect(read(after.engine, `key${writer}`)).toBe('5');
    await engine.close();
  });

  it('durability os never syncs the log for a write, interval does so every interval, close always', async () => {
    for (const durability of ['os', 'interval'] as const) {
      const fileSystem = createMemoryFileSystem();
      const { engine } = await openOn(fileSystem, { durability, durabilityIntervalMs: 20 });
      // Makes the file, which is synced.
      await storeDurably(engine, { key: 'first', value: '1', order: 1 });
      const { syncs } = engine.stats();
      await storeDurably(engine, { key: 'a', value: '1', order: 2 });
      expect(engine.stats().syncs).toBe(syncs);
      expect(read((await openOn(fileSystem.kill())).engine, 'a')).toBe('1');
      expect(read((await openOn(fileSystem.crash())).engine, 'a')).toBeUndefined();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(engine.stats().syncs).toBe(durability === 'os' ? syncs : syncs + 1);
      await engine.close();
      expect(read((await openOn(fileSystem.crash())).engine, 'a')).toBe('1');
    }
  });

  it('keeps the ceiling of the clock, in the log and over snapshots', async () => {
    let fileSystem = createMemoryFileSystem();
    let { engine } = await openOn(fileSystem);
    expect(engine.ceiling).toBe(zeroTimestamp);
    await engine.persistCeiling(stamp(10));
    await engine.persistCeiling(stamp(5));
    expect(engine.ceiling).toBe(stamp(10));
    fileSystem = fileSystem.crash();
    ({ engine } = await openOn(fileSystem));
    expect(engine.ceiling).toBe(stamp(10));
    await engine.snapshot();
    fileSystem = fileSystem.crash();
    ({ engine } = await openOn(fileSystem));
    expect(engine.ceiling).toBe(stamp(10));
    const pending = engine.persistCeiling(stamp(20));
    expect(engine.ceiling).toBe(stamp(10));
    await pending;
    expect(engine.ceiling).toBe(stamp(20));
    await engine.close();
  });

  it('newestTimestamp is of everything ever applied', async () => {
    const fileSystem = createMemoryFileSystem();
    let { engine } = await openOn(fileSystem);
    await storeDurably(engine, { key: 'a', value: '1', order: 7 });
    await storeDurably(engine, { key: 'b', value: '1', order: 3 });
    expect(engine.newestTimestamp).toBe(stamp(7));
    await engine.close();
    ({ engine } = await openOn(fileSystem));
    expect(engine.newestTimestamp).toBe(stamp(7));
    await engine.close();
  });

  it('newestTimestamp outlives a delete of which no file knows any more', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openOn(fileSystem, { retainTombstones: false });
    await storeDurably(engine, { key: 'a', order: 7 });
    await engine.snapshot();
    await engine.close();
    const after = await openOn(fileSystem.crash(), { retainTombstones: false });
    expect(after.engine.stats().recovery.records).toBe(0);
    expect(after.engine.newestTimestamp).toBe(stamp(7));
    await after.engine.close();
  });

  it('snapshots replace the log, one at a time', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openOn(fileSystem);
    for (let order = 1; order <= 50; order += 1)
      store(engine, { key: `key${order % 5}`, value: String(order), order });
    await engine.durable(store(engine, { key: 'a', value: '1', order: 100 }));
    const { logBytes } = engine.stats();
    await Promise.all([engine.snapshot(), engine.snapshot()]);
    expect(engine.stats().logBytes).toBeLessThan(logBytes / 10);
    expect(engine.stats().snapshotBytes).toBeGreaterThan(0);
    expect(fileSystem.paths()).toEqual([`${directory}/MANIFEST`, `${directory}/snapshot-0000000002.kv`]);
    await engine.close();
    const after = await openOn(fileSystem);
    expect(read(after.engine, 'key0')).toBe('50');
    expect(after.engine.stats().recovery.records).toBe(6);
    await after.engine.close();
  });

  it('snapshots that failed leave the old chain in place', async () => {
    const inner = createMemoryFileSystem();
    let lie = true;
    // A disk that gives back other bytes than it was given.
    const lying: FileSystemShape = {
      ...inner,
      openForRead: async (path) => {
        const file = await inner.openForRead(path);
        return {
          ...file,
          read: async (into, position) => {
            const count = await file.read(into, position);
            if (lie && path.includes('snapshot') && into.length > 40) into[40]! ^= 1;
            return count;
          },
        };
      },
    };
    const { engine, fatal } = await openOn(lying);
    await storeDurably(engine, { key: 'a', value: '1', order: 1 });
    await expect(engine.snapshot()).rejects.toThrow(/did not read back/);
    expect(inner.paths().some((path) => path.includes('snapshot'))).toBe(false);
    await storeDurably(engine, { key: 'b', value: '1', order: 2 });
    expect(fatal).toEqual([]);
    lie = false;
    await engine.snapshot();
    await engine.close();
    const after = await openOn(inner.crash());
    expect([read(after.engine, 'a'), read(after.engine, 'b')]).toEqual(['1', '1']);
  });

  it('snapshots get their name only once the log has everything that is in them', async () => {
    for (const durability of ['always', 'os'] as const) {
      const inner = createMemoryFileSystem();
      let hold = Promise.resolve();
      const slow: FileSystemShape = {
        ...inner,
        create: async (path) => {
          const file = await inner.create(path);
          const held = async <Result>(act: () => Promise<Result>): Promise<Result> => {
            if (path.includes('log-0000000002')) await hold;
            return act();
          };
          return {
            ...file,
            write: (bytes, at) => held(() => file.write(bytes, at)),
            sync: () => held(() => file.sync()),
          };
        },
      };
      const { engine } = await openOn(slow, { durability });
      // Enough for some slices.
      for (let index = 0; index < 60; index += 1) {
        store(engine, { key: `before ${index}`, value: 'v'.repeat(20_000), order: 1 });
      }
      await engine.durable(engine.appended);
      const snapshot = engine.snapshot();
      await until(() => inner.paths().some((path) => path.includes('snapshot')));
      let release = (): void => undefined;
      hold = new Promise((resolve) => (release = resolve));
      // Beside the snapshot: of many keys, so that some are in it.
      const keys = Array.from({ length: 50 }, (_, index) => `key${index}`);
      for (const key of keys) store(engine, { key, value: '1', order: 2 });
      await turns(50);
      expect(inner.paths().some((path) => path.endsWith('snapshot-0000000002.kv'))).toBe(false);
      release();
      await snapshot;
      const after = await openOn(inner.crash());
      expect(keys.map((key) => read(after.engine, key))).toEqual(keys.map(() => '1'));
      await engine.close();
    }
  });

  it('snapshots are given up by close, and the old chain is whole', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openOn(fileSystem);
    for (let order = 1; order <= 40; order += 1)
      store(engine, { key: `key${order}`, value: 'v'.repeat(20_000), order });
    const snapshot = engine.snapshot();
    await until(() => fileSystem.paths().some((path) => path.includes('snapshot')));
    const closed = engine.close();
    await expect(snapshot).rejects.toMatchObject({ code: 'closed' });
    await closed;
    expect(fileSystem.paths().some((path) => path.includes('snapshot'))).toBe(false);
    const after = await openOn(fileSystem.crash());
    expect(read(after.engine, 'key40')).toBe('v'.repeat(20_000));
    await after.engine.close();
  });

  it('snapshots are taken when the log is long and mostly superseded, and log files end at their limit', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openOn(fileSystem, { durability: 'os' });
    const value = 'v'.repeat(48 * 1024 * 1024);
    for (let order = 1; order <= 6; order += 1) {
      await storeDurably(engine, { key: 'a', value, order });
      if (order === 4) {
        // Two such records are more than a file takes.
        await until(() => fileSystem.paths().filter((path) => path.endsWith('.kv')).length === 2);
        expect(engine.stats().snapshotBytes).toBe(0);
      }
    }
    await storeDurably(engine, { key: 'b', value: '1'.repeat(100_000), order: 7 });
    await until(() => engine.stats().snapshotBytes > 0);
    await engine.close();
    const after = await openOn(fileSystem.crash());
    expect(read(after.engine, 'a')?.length).toBe(value.length);
    expect(read(after.engine, 'b')).toBe('1'.repeat(100_000));
    await after.engine.close();
  });

  it('snapshots are taken by time, if anything was written since', async () => {
    const { engine } = await openOn(createMemoryFileSystem(), { snapshotIntervalMs: 20 });
    await storeDurably(engine, { key: 'a', value: '1', order: 1 });
    await new Promise((resolve) => setTimeout(resolve, 80));
    const { lastSnapshotAtMs, snapshotBytes } = engine.stats();
    expect(lastSnapshotAtMs).toBeGreaterThan(0);
    expect(snapshotBytes).toBeGreaterThan(0);
    await engine.close();
  });

  it('gives its directory to one at a time', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openOn(fileSystem);
    await expect(openOn(fileSystem)).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining(directory),
    });
    await engine.close();
    await (await openOn(fileSystem)).engine.close();
  });

  it('boundary conditions: one partition, the most partitions, the longest key', async () => {
    for (const partitions of [1, 65_536]) {
      const fileSystem = createMemoryFileSystem();
      const { engine } = await openOn(fileSystem, { partitions });
      const keys = ['', 'k'.repeat(65_535), 'a'];
      for (const [index, key] of keys.entries())
        await storeDurably(engine, { key, value: 'v', order: index + 1 });
      await engine.snapshot();
      await engine.close();
      const after = await openOn(fileSystem, { partitions });
      for (const key of keys) expect(read(after.engine, key)).toBe('v');
      await after.engine.close();
    }
    for (const partitions of [0, 3, 131_072, 1.5]) {
      await expect(openOn(createMemoryFileSystem(), { partitions })).rejects.toThrow(/partitions/);
    }
  });
});
