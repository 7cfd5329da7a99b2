import { describe, expect, it } from '@jest/globals';
import { createManualClock, createMemoryFileSystem, type MemoryFileSystem } from '@kv/testing';

import { batchHeaderBytes, fileHeaderBytes } from '../src/log/frame.js';
import { openEngine } from '../src/engine/open-engine.js';
import type { StorageEngine } from '../src/engine/engine.js';
import { hashSliceBytes } from '../src/memory/record-words.js';
import { hashKey, partitionOfHash } from '../src/record/record.js';
import { flagsOffset, keyOffset, totalLengthOffset } from '../src/record/record-layout.js';
import type { Timers } from '../src/ports.js';
import { systemTimers } from '../src/system/system-ports.adapter.js';
import { bytesOf, directory, epochMs, openOn, read, recordOf } from './engine-harness.js';

const slices = 4;
const longValue = 'long '.repeat(Math.ceil((slices * hashSliceBytes) / 5));
const log = `${directory}/log-0000000001.kv`;
const partitionOf = (key: string): number => partitionOfHash(hashKey(bytesOf(key)), 8);

/** One batch: a short record, a long one, a short one. */
async function threeRecords(): Promise<{ readonly fileSystem: MemoryFileSystem; readonly longAt: number }> {
  const fileSystem = createMemoryFileSystem();
  const { engine } = await openOn(fileSystem);
  const records = ['before', 'long', 'after'].map((key, order) =>
    recordOf({ key, value: key === 'long' ? longValue : `value of ${key}`, order: order + 1 }),
  );
  const last = engine.apply(Buffer.concat(records)).at(-1)!;
  if (last.kind !== 'stored') throw new Error('not stored');
  await engine.durable(last.position);
  return { fileSystem: fileSystem.kill(), longAt: fileHeaderBytes + batchHeaderBytes + records[0]!.length };
}

function flipped(fileSystem: MemoryFileSystem, byte: number, bit: number): MemoryFileSystem {
  const rotten = fileSystem.kill();
  rotten.flip(log, byte * 8 + bit);
  return rotten;
}

describe('a record that takes many slices to hash', () => {
  it('is recovered, and verified in a snapshot, while others have their turn', async () => {
    const { fileSystem } = await threeRecords();
    let turns = 0;
    const system = systemTimers({ keepAlive: false });
    const timers: Timers = {
      after: (delayMs, callback) => system.after(delayMs, callback),
      nextTurn(callback) {
        turns += 1;
        system.nextTurn(callback);
      },
    };
    const open = (on: MemoryFileSystem): Promise<StorageEngine> =>
      openEngine(
        { directory, partitions: 8, snapshotIntervalMs: 0 },
        { fileSystem: on, clock: createManualClock({ nowMs: epochMs }), timers },
      );
    const engine = await open(fileSystem);
    expect(turns).toBeGreaterThanOrEqual(slices);
    expect(read(engine, 'long')).toBe(longValue);
    turns = 0;
    await engine.snapshot();
    expect(turns).toBeGreaterThanOrEqual(slices);
    await engine.close();
    turns = 0;
    const again = await open(fileSystem.crash());
    expect(turns).toBeGreaterThanOrEqual(slices);
    expect([read(again, 'before'), read(again, 'long'), read(again, 'after')]).toEqual([
      'value of before',
      longValue,
      'value of after',
    ]);
  });

  it.each([
    ['the checksum', 0, 3],
    ['the length', totalLengthOffset, 4],
    ['the flags', flagsOffset, 3],
    ['the key', keyOffset(0) + 1, 0],
    ['the value', keyOffset(0) + 3 * hashSliceBytes, 6],
  ])('with a wrong bit in %s costs its own partition, and no other record', async (_, byte, bit) => {
    const { fileSystem, longAt } = await threeRecords();
    const { engine } = await openOn(flipped(fileSystem, longAt + byte, bit), { damage: 'rebuild' });
    expect([...engine.suspectPartitions]).toEqual([partitionOf('long')]);
    expect(read(engine, 'long')).not.toBe(longValue);
    expect([read(engine, 'before'), read(engine, 'after')]).toEqual(['value of before', 'value of after']);
  });
});
