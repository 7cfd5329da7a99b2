import { describe, expect, it } from '@jest/globals';
import {
  createMemoryFileSystem,
  FileSystemError,
  type FileSystemShape,
  type WritableFileShape,
} from '@kv/testing';

import type { Durability } from '../src/options.js';
import { openOn, read, recordOf, store, storeDurably } from './engine-harness.js';

type AtOnce = WritableFileShape['writevAtOnce'];

/** What a file says when it is to write at once, which may change. */
interface Ways {
  atOnce: (inner: AtOnce) => AtOnce;
}

function diskWith(ways: Ways): {
  disk: ReturnType<typeof createMemoryFileSystem>;
  fileSystem: FileSystemShape;
} {
  const disk = createMemoryFileSystem();
  return {
    disk,
    fileSystem: {
      ...disk,
      create: async (path) => {
        const file = await disk.create(path);
        return {
          ...file,
          writevAtOnce: (parts, position) =>
            ways.atOnce((some, at) => file.writevAtOnce(some, at))(parts, position),
        };
      },
    },
  };
}

const healthy: Ways['atOnce'] = (inner) => inner;

async function openWith(ways: Ways, durability: Durability = 'interval') {
  const { disk, fileSystem } = diskWith(ways);
  const opened = await openOn(fileSystem, { durability, durabilityIntervalMs: 1_000 });
  // Makes the file.
  await storeDurably(opened.engine, { key: 'first', value: '1', order: 1 });
  return { ...opened, disk };
}

describe('a log that need not wait for its file', () => {
  it('has acknowledged a write, and all that came with it, before the turn ends', async () => {
    const { engine, disk } = await openWith({ atOnce: healthy });
    let turnEnded = false;
    setImmediate(() => (turnEnded = true));
    const positions = [2, 3].map((order) => store(engine, { key: `key${order}`, value: 'value', order }));
    await Promise.all(positions.map((position) => engine.durable(position)));
    expect(turnEnded).toBe(false);
    expect(engine.stats()).toMatchObject({ batches: 2, durable: 3 });
    const after = await openOn(disk.kill());
    expect([read(after.engine, 'key2'), read(after.engine, 'key3')]).toEqual(['value', 'value']);
    await engine.close();
  });

  it.each<[string, Ways['atOnce']]>([
    ['takes nothing', () => () => undefined],
    ['takes a part', (inner) => (parts, position) => inner([parts[0]!.subarray(0, 5)], position)],
  ])('goes the long way where the file %s', async (_, atOnce) => {
    const ways: Ways = { atOnce };
    const { engine, disk } = await openWith(ways);
    for (let order = 2; order <= 6; order += 1) {
      ways.atOnce = order % 2 === 0 ? atOnce : healthy;
      await storeDurably(engine, { key: `key${order}`, value: 'value', order });
    }
    const after = await openOn(disk.kill());
    for (let order = 2; order <= 6; order += 1) expect(read(after.engine, `key${order}`)).toBe('value');
    expect(after.engine.suspectPartitions.size).toBe(0);
    await engine.close();
  });

  it('acknowledges nothing more once a write has failed', async () => {
    const ways: Ways = { atOnce: healthy };
    const { engine, disk, fatal } = await openWith(ways);
    await storeDurably(engine, { key: 'kept', value: 'value', order: 2 });
    ways.atOnce = () => () => {
      throw new FileSystemError('EIO', { kind: 'write', path: 'log' });
    };
    const failing = store(engine, { key: 'lost', value: 'value', order: 3 });
    await expect(engine.durable(failing)).rejects.toMatchObject({ code: 'internal', outcome: 'unknown' });
    expect(fatal).toHaveLength(1);
    ways.atOnce = healthy;
    const [refused] = engine.apply(recordOf({ key: 'late', value: 'value', order: 4 }));
    expect(refused).toMatchObject({ kind: 'refused', code: 'internal' });
    await engine.close().catch(() => undefined);
    expect(read((await openOn(disk.kill())).engine, 'kept')).toBe('value');
  });

  it('keeps what a full disk did not take, and writes it to a new file once there is room', async () => {
    const ways: Ways = { atOnce: healthy };
    const { engine, disk } = await openWith(ways, 'os');
    ways.atOnce = () => () => {
      throw new FileSystemError('ENOSPC', { kind: 'write', path: 'log' });
    };
    const full = store(engine, { key: 'late', value: 'value', order: 2 });
    await expect(engine.durable(full)).rejects.toMatchObject({ code: 'disk-full', outcome: 'unknown' });
    ways.atOnce = healthy;
    while (!engine.isDurable(full)) await new Promise((resolve) => setTimeout(resolve, 5));
    await storeDurably(engine, { key: 'later', value: 'value', order: 3 });
    const after = await openOn(disk.kill());
    expect([read(after.engine, 'late'), read(after.engine, 'later')]).toEqual(['value', 'value']);
    await engine.close();
  });
});
