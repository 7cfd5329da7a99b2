import { describe, expect, it } from '@jest/globals';
import { createManualClock, createMemoryFileSystem, type MemoryFileSystem } from '@kv/testing';

import {
  directory,
  type Mutation,
  openOn as openWith,
  read,
  recordOf,
  store,
  storeDurably,
} from '../../test/engine-harness.js';
import { openEngine } from './open-engine.js';
import type { StorageEngine } from './engine.js';
import type { EngineOptions } from '../options.js';
import { systemTimers } from '../system/system-ports.adapter.js';

const rebuild = { damage: 'rebuild' } as const;

async function openInBoot(
  fileSystem: MemoryFileSystem,
  bootId: string | undefined,
  options: Partial<EngineOptions> = {},
): Promise<StorageEngine> {
  return openEngine(
    { directory, partitions: 8, snapshotIntervalMs: 0, memoryBytesMax: 1e9, ...rebuild, ...options },
    { fileSystem, clock: createManualClock(), timers: systemTimers({ keepAlive: false }), bootId },
  );
}

/** Rots the first record of the newest log. */
function rot(fileSystem: MemoryFileSystem): void {
  const path = fileSystem
    .paths()
    .filter((each) => each.includes('/log-'))
    .at(-1)!;
  const bytes = fileSystem.contents(path);
  const at = Buffer.from(bytes).indexOf('rotten');
  bytes[at]! ^= 1;
  fileSystem.replace(path, bytes);
}

async function rotten(): Promise<MemoryFileSystem> {
  const fileSystem = createMemoryFileSystem();
  const { engine } = await openWith(fileSystem);
  await storeDurably(engine, { key: 'a', value: 'rotten', order: 1 });
  await storeDurably(engine, { key: 'b', value: 'sound', order: 2 });
  await engine.close();
  rot(fileSystem);
  return fileSystem;
}

describe('suspect partitions', () => {
  it('log corruption in mode rebuild: what is left is read and written, and marks and incarnation are durable', async () => {
    const { engine } = await openWith(await rotten(), rebuild);
    expect(engine.incarnation).toBe(2);
    expect(engine.suspectPartitions.size).toBe(1);
    const [partition] = engine.suspectPartitions;
    expect(read(engine, 'a')).toBeUndefined();
    expect([...engine.scanPartition(partition!)]).toEqual([]);
    expect(engine.digest(partition!)).toEqual(new Uint32Array(32));
    await storeDurably(engine, { key: 'a', value: 'back', order: 3 });
    expect(read(engine, 'a')).toBe('back');
    await engine.close();
  });

  it('damage found again is no second loss, and once cleared it is gone', async () => {
    const fileSystem = await rotten();
    for (let round = 0; round < 3; round += 1) {
      const { engine } = await openWith(fileSystem, rebuild);
      expect([engine.incarnation, engine.suspectPartitions.size]).toEqual([2, 1]);
      await engine.close();
    }
    const { engine } = await openWith(fileSystem, rebuild);
    await engine.clearSuspect(engine.suspectPartitions);
    expect(engine.suspectPartitions.size).toBe(0);
    const after = await openWith(fileSystem.crash(), rebuild);
    expect([after.engine.incarnation, after.engine.suspectPartitions.size]).toEqual([2, 0]);
    expect(read(after.engine, 'b')).toBe('sound');
  });

  it('mode refuse neither reads nor writes them; mode accept clears them', async () => {
    const fileSystem = await rotten();
    const { engine } = await openWith(fileSystem);
    expect(read(engine, 'a')).toBe('damaged');
    expect([...engine.apply(recordOf({ key: 'a', value: 'x', order: 9 }))]).toEqual([
      { kind: 'refused', code: 'corrupt' },
    ]);
    await engine.close();
    const accepting = await openWith(fileSystem, { damage: 'accept' });
    expect(accepting.engine.suspectPartitions.size).toBe(0);
    expect(read(accepting.engine, 'a')).toBeUndefined();
    expect(accepting.engine.incarnation).toBe(2);
  });

  it('marks are durable once marked, until cleared; a mark made while another is cleared stays', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openWith(fileSystem, rebuild);
    const marked = engine.markSuspect([1, 3]);
    expect([...engine.suspectPartitions]).toEqual([1, 3]);
    await marked;
    let after = await openWith(fileSystem.crash(), rebuild);
    expect([...after.engine.suspectPartitions]).toEqual([1, 3]);
    expect(after.engine.incarnation).toBe(1);
    const clearing = engine.clearSuspect([1, 3]);
    await engine.markSuspect([3]);
    await clearing;
    after = await openWith(fileSystem.crash(), rebuild);
    expect([...after.engine.suspectPartitions]).toEqual([3]);
    expect([...engine.suspectPartitions]).toEqual([3]);
    await expect(engine.markSuspect([8])).rejects.toMatchObject({ code: 'invalid-argument' });
  });

  it('a cleared mark means that everything applied before is on stable storage', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openWith(fileSystem, { ...rebuild, durability: 'os' });
    await engine.markSuspect([0]);
    store(engine, { key: 'a', value: 'kept', order: 1 });
    await engine.clearSuspect([0]);
    expect(read((await openWith(fileSystem.crash())).engine, 'a')).toBe('kept');
  });

  it('an incarnation begins with all partitions suspect', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openWith(fileSystem, rebuild);
    await engine.beginIncarnation(7);
    const after = await openWith(fileSystem.crash(), rebuild);
    expect([after.engine.incarnation, after.engine.suspectPartitions.size]).toEqual([7, 8]);
    await expect(engine.beginIncarnation(7)).rejects.toMatchObject({ code: 'invalid-argument' });
  });
});

describe('a crash of the machine', () => {
  const mutation: Mutation = { key: 'a', value: 'v', order: 1 };

  it.each([
    ['always', 'boot 2', 'rebuild', 1],
    ['os', 'boot 1', 'rebuild', 1],
    ['os', 'boot 2', 'rebuild', 2],
    ['interval', 'boot 2', 'rebuild', 2],
    ['interval', undefined, 'rebuild', 2],
    ['interval', 'boot 2', 'refuse', 1],
  ] as const)(
    'at durability %s, opened in %s, mode %s: incarnation %d',
    async (durability, boot, damage, expected) => {
      const fileSystem = createMemoryFileSystem();
      const engine = await openInBoot(fileSystem, 'boot 1', { durability });
      await storeDurably(engine, mutation);
      const after = await openInBoot(fileSystem.kill(), boot, { damage });
      expect(after.incarnation).toBe(expected);
      expect(after.suspectPartitions.size).toBe(expected === 1 ? 0 : 8);
    },
  );

  it('one that was closed before lost nothing', async () => {
    const fileSystem = createMemoryFileSystem();
    const engine = await openInBoot(fileSystem, 'boot 1', { durability: 'os' });
    await storeDurably(engine, mutation);
    await engine.close();
    expect((await openInBoot(fileSystem.crash(), 'boot 2')).incarnation).toBe(1);
  });
});

describe('digests and sequences', () => {
  it('equal records in any order have equal digests, and the log goes on counting', async () => {
    const records = Array.from({ length: 100 }, (_, index) => ({
      key: `key${index}`,
      value: index % 7 === 0 ? undefined : `value${index}`,
      order: index + 1,
      ...(index % 7 === 1 ? { expiresAtMs: 1 } : {}),
    }));
    const fileSystem = createMemoryFileSystem();
    const { engine: a } = await openWith(fileSystem);
    const { engine: b } = await openWith(createMemoryFileSystem());
    for (const record of records) await storeDurably(a, record);
    b.apply(recordOf({ key: 'key3', value: 'older', order: 0 }));
    for (const record of [...records].reverse()) store(b, record);
    const digests = (engine: StorageEngine): Uint32Array[] =>
      Array.from({ length: 8 }, (_, partition) => engine.digest(partition));
    expect(digests(a)).toEqual(digests(b));
    store(b, { key: 'key3', value: 'newer', order: 1000 });
    expect(digests(a)).not.toEqual(digests(b));
    expect(a.stats().appended).toBe(100);
    expect(a.isDurable(a.appended)).toBe(true);
    const { logSequence } = a;
    expect(logSequence).toBeGreaterThanOrEqual(100);
    const { engine: again } = await openWith(fileSystem.crash());
    // What may not have been synced is written again.
    expect(again.logSequence).toBeGreaterThanOrEqual(logSequence);
    expect(digests(again)).toEqual(digests(a));
  });
});
