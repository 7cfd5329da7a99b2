import { describe, expect, it, jest } from '@jest/globals';
import { createFaultyFileSystem, createMemoryFileSystem, type Fault } from '@kv/testing';

import type { LogPosition, StorageEngine } from '../src/engine/engine.js';
import { type Opened, openOn, read, recordOf, store } from './engine-harness.js';

// Many small cases: on a busy machine they take longer than the default allows.
jest.setTimeout(60_000);

const codeOf = (error: unknown): unknown => (error as { code?: unknown }).code;

/** Waits for durability; tells how it ended. */
function outcome(engine: StorageEngine, position: LogPosition): Promise<unknown> {
  return engine.durable(position).then(() => 'durable', codeOf);
}

async function eventually(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt += 1) {
    if (condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('it did not come to pass');
}

/** Puts ten keys one by one, with a snapshot in the middle; tells which were acknowledged, and after which failure. */
async function tenPuts({ engine, fatal }: Opened, acknowledged: string[]): Promise<void> {
  for (let order = 1; order <= 10; order += 1) {
    const key = `key${order}`;
    const [result] = engine.apply(recordOf({ key, value: 'value', order }));
    if (result?.kind === 'refused') {
      expect(result.code).toBe('internal');
      expect(fatal).toHaveLength(1);
      continue;
    }
    const ended = await outcome(engine, result!.position);
    if (ended === 'durable') {
      expect(fatal).toEqual([]);
      acknowledged.push(key);
    } else {
      expect(ended).toBe('internal');
      // What is in memory is still read.
      expect(read(engine, key)).toBe('value');
    }
    if (order === 5)
      await engine.snapshot().catch((error: unknown) => expect(codeOf(error)).toBe('internal'));
  }
}

describe('fsync failed', () => {
  it.each<Fault['on']>(['sync', 'syncDirectory'])(
    'at every %s: nothing is acknowledged after it, nothing acknowledged is lost',
    async (on) => {
      let stopped = 0;
      for (let nth = 1; ; nth += 1) {
        const disk = createMemoryFileSystem();
        const faulty = createFaultyFileSystem(disk, [{ on, nth, effect: 'EIO' }]);
        const acknowledged: string[] = [];
        try {
          const opened = await openOn(faulty);
          await tenPuts(opened, acknowledged);
          stopped += opened.fatal.length;
          if (opened.fatal.length > 0) {
            expect(await outcome(opened.engine, 1e9 as LogPosition)).toBe('internal');
            await expect(opened.engine.snapshot()).rejects.toMatchObject({ code: 'internal' });
            await expect(opened.engine.persistCeiling(1e12 as never)).rejects.toMatchObject({
              code: 'internal',
            });
          }
          await opened.engine.close().catch(() => undefined);
        } catch (error) {
          // The opening itself failed.
          expect(codeOf(error)).toBe('internal');
          expect(acknowledged).toEqual([]);
        }
        const after = await openOn(disk.crash());
        for (const key of acknowledged) expect(read(after.engine, key)).toBe('value');
        expect(after.engine.suspectPartitions.size).toBe(0);
        if (faulty.fired === 0) break;
      }
      expect(stopped).toBeGreaterThan(on === 'sync' ? 10 : 3);
    },
  );

  it('in the background, at durability interval: ends everything likewise', async () => {
    const faulty = createFaultyFileSystem(createMemoryFileSystem(), [
      { on: 'sync', path: /log/, nth: 2, effect: 'EIO' },
    ]);
    const { engine, fatal } = await openOn(faulty, { durability: 'interval', durabilityIntervalMs: 5 });
    // The first write makes the file, synced; the second is synced later.
    await engine.durable(store(engine, { key: 'a', value: '1', order: 1 }));
    await engine.durable(store(engine, { key: 'a', value: '2', order: 2 }));
    await eventually(() => fatal.length > 0);
    expect([...engine.apply(recordOf({ key: 'b', value: '1', order: 3 }))]).toEqual([
      { kind: 'refused', code: 'internal' },
    ]);
    await engine.close();
    expect(fatal).toHaveLength(1);
  });

  it('a write that fails for another reason than room: likewise', async () => {
    const faulty = createFaultyFileSystem(createMemoryFileSystem(), [
      { on: 'write', path: /log.*kv/, nth: 2, effect: 'EIO' },
    ]);
    const { engine, fatal } = await openOn(faulty);
    expect(await outcome(engine, store(engine, { key: 'a', value: '1', order: 1 }))).toBe('durable');
    expect(await outcome(engine, store(engine, { key: 'b', value: '1', order: 2 }))).toBe('internal');
    expect(fatal).toHaveLength(1);
  });
});

describe('disk full', () => {
  it('at every write: refuses, reads on, and recovers by itself', async () => {
    let met = 0;
    for (let nth = 2; nth <= 26; nth += 1) {
      const disk = createMemoryFileSystem();
      const faulty = createFaultyFileSystem(disk, [
        // A short write first, so that half of a batch is in the file.
        { on: 'write', nth, effect: 8 },
        { on: 'write', nth: nth + 1, times: 2, effect: 'ENOSPC' },
      ]);
      const { engine, fatal } = await openOn(faulty).catch(() => ({ engine: undefined, fatal: [] }));
      if (engine === undefined) continue; // No room for the opening's own files: it was refused.
      const unknown: string[] = [];
      for (let order = 1; order <= 8; order += 1) {
        const key = `key${order}`;
        let [result] = engine.apply(recordOf({ key, value: 'value', order }));
        if (result?.kind === 'refused') {
          expect(result.code).toBe('disk-full');
          expect(read(engine, key)).toBeUndefined();
          for (const before of unknown) expect(read(engine, before)).toBe('value');
          met += 1;
          await eventually(() => {
            [result] = engine.apply(recordOf({ key, value: 'value', order }));
            return result?.kind !== 'refused';
          });
        }
        if (result?.kind !== 'stored') throw new Error('not stored');
        const ended = await outcome(engine, result.position);
        if (ended !== 'durable') {
          expect(ended).toBe('disk-full');
          expect(engine.isDurable(result.position)).toBe(false);
          unknown.push(key);
        }
        if (order === 4)
          await engine.snapshot().catch((error: unknown) => expect(codeOf(error)).toBe('disk-full'));
      }
      // By now everything is durable, also what had an unknown outcome.
      await eventually(() => engine.stats().durable === 8);
      expect(fatal).toEqual([]);
      const after = await openOn(disk.crash());
      for (let order = 1; order <= 8; order += 1) expect(read(after.engine, `key${order}`)).toBe('value');
      expect(after.engine.suspectPartitions.size).toBe(0);
      await engine.close();
    }
    expect(met).toBeGreaterThan(5);
  });

  it('for real: fills up, serves what it has, goes on when there is room', async () => {
    const disk = createMemoryFileSystem({ capacityBytes: 20_000 });
    const { engine, logger } = await openOn(disk);
    let order = 0;
    const acknowledged: string[] = [];
    for (;;) {
      order += 1;
      const [result] = engine.apply(recordOf({ key: `key${order}`, value: 'v'.repeat(500), order }));
      if (result?.kind !== 'stored') break;
      if ((await outcome(engine, result.position)) === 'durable') acknowledged.push(`key${order}`);
    }
    expect(acknowledged.length).toBeGreaterThan(20);
    expect(logger.messages('error')).toEqual(['the disk is full: writes are refused until there is room']);
    for (const key of acknowledged) expect(read(engine, key)).toBe('v'.repeat(500));
    await expect(engine.snapshot()).rejects.toMatchObject({ code: 'disk-full' });
    await expect(engine.persistCeiling(1e12 as never)).rejects.toMatchObject({ code: 'disk-full' });
    // Opening writes nothing that it could do without.
    const { engine: crashed } = await openOn(disk.crash());
    for (const key of acknowledged) expect(read(crashed, key)).toBe('v'.repeat(500));
    disk.capacityBytes = 1e6;
    await eventually(
      () => engine.apply(recordOf({ key: 'after', value: '1', order: 1e6 })).at(0)?.kind !== 'refused',
    );
    await engine.close();
    const after = await openOn(disk.crash());
    for (const key of [...acknowledged]) expect(read(after.engine, key)).toBe('v'.repeat(500));
    expect(read(after.engine, 'after')).toBe('1');
    expect(after.engine.suspectPartitions.size).toBe(0);
  });

  it('a crash while the disk is full loses nothing acknowledged, and no retry leaves files behind', async () => {
    const disk = createMemoryFileSystem();
    const { engine } = await openOn(disk);
    await engine.durable(store(engine, { key: 'a', value: '1', order: 1 }));
    disk.capacityBytes = disk.paths().reduce((sum, path) => sum + disk.contents(path).length, 0) + 20;
    expect(await outcome(engine, store(engine, { key: 'b', value: '2', order: 2 }))).toBe('disk-full');
    const files = disk.paths();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(disk.paths()).toEqual(files);
    for (const crashed of [disk.crash(), disk.kill()]) {
      crashed.capacityBytes = Infinity;
      const after = await openOn(crashed);
      expect([read(after.engine, 'a'), read(after.engine, 'b')]).toEqual(['1', undefined]);
      expect(after.engine.suspectPartitions.size).toBe(0);
    }
    await expect(engine.close()).rejects.toMatchObject({ code: 'disk-full' });
  });

  it.each([false, true])('close: says whether what was taken in is durable; room again: %s', async (room) => {
    const disk = createMemoryFileSystem();
    const { engine } = await openOn(disk);
    await engine.durable(store(engine, { key: 'a', value: '1', order: 1 }));
    disk.capacityBytes = disk.paths().reduce((sum, path) => sum + disk.contents(path).length, 0) + 20;
    const waiting = outcome(engine, store(engine, { key: 'b', value: '2', order: 2 }));
    if (room) {
      expect(await waiting).toBe('disk-full');
      disk.capacityBytes = Infinity;
      await engine.close();
    } else {
      const failed = { code: 'disk-full', outcome: 'unknown' };
      await expect(engine.close()).rejects.toMatchObject(failed);
      await expect(engine.close()).rejects.toMatchObject(failed);
      expect(await waiting).toBe('disk-full');
    }
    disk.capacityBytes = Infinity;
    // The directory is free: everything was closed.
    const after = await openOn(disk);
    expect([read(after.engine, 'a'), read(after.engine, 'b')]).toEqual(['1', room ? '2' : undefined]);
    await after.engine.close();
  });
});

describe('short writes', () => {
  it('are continued until all is written', async () => {
    const disk = createMemoryFileSystem();
    const { engine } = await openOn(
      createFaultyFileSystem(disk, [{ on: 'write', times: Infinity, effect: 7 }]),
    );
    await engine.durable(store(engine, { key: 'a', value: 'v'.repeat(100), order: 1 }));
    await engine.snapshot();
    const after = await openOn(disk.crash());
    expect(read(after.engine, 'a')).toBe('v'.repeat(100));
    await engine.close();
  });
});
