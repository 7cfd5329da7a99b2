import { describe, expect, it } from '@jest/globals';
import {
  createManualClock,
  createManualTimers,
  createMemoryFileSystem,
  type FileSystemShape,
} from '@kv/testing';

import { openEngine } from '../src/engine/open-engine.js';
import { backgroundRestMsMax } from '../src/limits.js';
import { bytesOf, directory, epochMs, openOn, read, store } from './engine-harness.js';

const snapshotIntervalMs = 60_000;
const keys = 2_000;

/** An engine whose files take a millisecond for each write, when a snapshot is due. */
async function openWithDueSnapshot() {
  const inner = createMemoryFileSystem();
  const clock = createManualClock({ nowMs: epochMs });
  const timers = createManualTimers(clock);
  const fileSystem: FileSystemShape = {
    ...inner,
    create: async (path) => {
      const file = await inner.create(path);
      if (!path.includes('snapshot')) return file;
      return {
        ...file,
        writev: (parts, position) => {
          clock.advance(1);
          return file.writev(parts, position);
        },
      };
    },
  };
  const engine = await openEngine(
    { directory, partitions: 8, snapshotIntervalMs, memoryBytesMax: 1e9, durability: 'os' },
    { fileSystem, clock, timers },
  );
  for (let index = 0; index < keys; index += 1) store(engine, { key: `key ${index}`, value: 'v', order: 1 });
  const settle = async (): Promise<void> => {
    for (let turn = 0; turn < 50; turn += 1) {
      timers.runTurn();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await settle();
  timers.advance(snapshotIntervalMs);
  await settle();
  const rest = async (): Promise<void> => {
    timers.advance(backgroundRestMsMax);
    await settle();
  };
  const close = async (): Promise<void> => {
    const closed = engine.close();
    await rest();
    await closed;
  };
  return { inner, engine, rest, close };
}

const isTaken = (paths: readonly string[]): boolean =>
  paths.some((path) => path.endsWith('snapshot-0000000002.kv'));

describe('a snapshot that nobody waits for', () => {
  it('rests between its slices, and ends', async () => {
    const { inner, rest, close } = await openWithDueSnapshot();
    expect(isTaken(inner.paths())).toBe(false);
    let rests = 0;
    for (; !isTaken(inner.paths()) && rests < 100; rests += 1) await rest();
    expect(rests).toBeGreaterThan(2);
    expect(isTaken(inner.paths())).toBe(true);
    await close();
    const after = await openOn(inner.crash());
    expect(read(after.engine, `key ${keys - 1}`)).toBe('v');
    expect(after.engine.get(bytesOf('no such key'))).toBeUndefined();
    await after.engine.close();
  });

  it('hurries when somebody comes to wait for it', async () => {
    const { inner, engine, rest, close } = await openWithDueSnapshot();
    const snapshot = engine.snapshot();
    // The one that has begun.
    await rest();
    await snapshot;
    expect(isTaken(inner.paths())).toBe(true);
    await close();
  });

  it('does not hold up a close', async () => {
    const { inner, close } = await openWithDueSnapshot();
    await close();
    expect(isTaken(inner.paths())).toBe(false);
  });
});
