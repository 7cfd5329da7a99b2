import { describe, expect, it, jest } from '@jest/globals';
import { createFaultyFileSystem, createMemoryFileSystem, type MemoryFileSystem } from '@kv/testing';

import { batchHeaderBytes, fileHeaderBytes } from '../src/log/frame.js';
import { parseManifest } from '../src/recovery/manifest.js';
import { hashKey, partitionOfHash } from '../src/record/record.js';
import { keyOffset } from '../src/record/record-layout.js';
import { bytesOf, directory, openOn, read, recordOf, storeDurably, textOf } from './engine-harness.js';

// Many small cases: on a busy machine they take longer than the default allows.
jest.setTimeout(60_000);

const log = `${directory}/log-0000000001.kv`;
const keys = ['a', 'b', 'c', 'f'];
const partitionOf = (key: string) => partitionOfHash(hashKey(bytesOf(key)), 8);

/** Two batches of two records each. */
async function twoBatches(): Promise<MemoryFileSystem> {
  const fileSystem = createMemoryFileSystem();
  const { engine } = await openOn(fileSystem);
  for (const pair of [
    ['a', 'b'],
    ['c', 'f'],
  ]) {
    const records = pair.map((key) =>
      recordOf({ key, value: `value of ${key}`, order: keys.indexOf(key) + 1 }),
    );
    const results = engine.apply(Buffer.concat(records));
    const last = results.at(-1)!;
    if (last.kind !== 'stored') throw new Error('not stored');
    await engine.durable(last.position);
  }
  return fileSystem.kill();
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >>> 3]! ^= 1 << (bit & 7);
  return copy;
}

describe('log corruption', () => {
  it('the keys of these tests are of different partitions', () => {
    expect(new Set(keys.map(partitionOf)).size).toBe(keys.length);
  });

  it('every bit flipped: no wrong value, no loss unsaid', async () => {
    const fileSystem = await twoBatches();
    const whole = fileSystem.contents(log);
    let narrow = 0;
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const rotten = fileSystem.kill();
      rotten.replace(log, flipped(whole, bit));
      const { engine } = await openOn(rotten);
      expect(engine.suspectPartitions.size).toBeGreaterThan(0);
      expect(engine.stats().recovery.damage).not.toEqual([]);
      for (const key of keys) expect([`value of ${key}`, 'damaged']).toContain(read(engine, key));
      if (engine.suspectPartitions.size === 1) narrow += 1;
    }
    // Most bits are of values and versions, which leave the key to be told.
    expect(narrow / (whole.length * 8)).toBeGreaterThan(0.4);
  });

  it('every bit of a snapshot flipped: no wrong value, no loss unsaid', async () => {
    const fileSystem = await twoBatches();
    const { engine: first } = await openOn(fileSystem);
    await first.snapshot();
    await first.close();
    const path = fileSystem.paths().find((name) => name.includes('snapshot'))!;
    const whole = fileSystem.contents(path);
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const rotten = fileSystem.kill();
      rotten.replace(path, flipped(whole, bit));
      const { engine } = await openOn(rotten);
      // What the header says is also known from elsewhere.
      const lost = engine.suspectPartitions.size > 0;
      expect(lost || bit < fileHeaderBytes * 8).toBe(true);
      for (const key of keys) {
        expect(lost ? [`value of ${key}`, 'damaged'] : [`value of ${key}`]).toContain(read(engine, key));
      }
    }
    for (let cut = 0; cut < whole.length; cut += 1) {
      const rotten = fileSystem.kill();
      rotten.replace(path, whole.subarray(0, cut));
      expect((await openOn(rotten)).engine.suspectPartitions.size).toBe(8);
    }
  });

  it('every bit of the manifest flipped: refused, and named', async () => {
    const fileSystem = await twoBatches();
    const path = `${directory}/MANIFEST`;
    const whole = fileSystem.contents(path);
    for (let bit = 0; bit < whole.length * 8; bit += 1) {
      const rotten = textOf(flipped(whole, bit));
      // A flipped digit of the version cannot be told from another version.
      const message = expect.stringMatching(/\/MANIFEST (is damaged|has format version \d,)/) as unknown;
      expect(() => parseManifest(rotten, path)).toThrow(
        expect.objectContaining({ code: 'corrupt', message }),
      );
    }
    fileSystem.replace(path, flipped(whole, 999));
    await expect(openOn(fileSystem)).rejects.toMatchObject({ code: 'corrupt' });
  });

  it('of one record costs its partition only; the mark outlives restarts and snapshots, the rest is served', async () => {
    const fileSystem = await twoBatches();
    const whole = fileSystem.contents(log);
    const valueOfA = fileHeaderBytes + batchHeaderBytes + keyOffset(0) + 'a'.length;
    fileSystem.replace(log, flipped(whole, valueOfA * 8));
    const damaged = [partitionOf('a')];
    for (let round = 1; round <= 3; round += 1) {
      const { engine } = await openOn(fileSystem);
      expect([...engine.suspectPartitions]).toEqual(damaged);
      expect(keys.map((key) => read(engine, key))).toEqual([
        'damaged',
        'value of b',
        'value of c',
        'value of f',
      ]);
      expect([...engine.apply(recordOf({ key: 'a', value: 'new', order: 9 }))]).toEqual([
        { kind: 'refused', code: 'corrupt' },
      ]);
      expect(() => engine.scanPartition(partitionOf('a'))).toThrow(/not served/);
      await storeDurably(engine, { key: 'b', value: 'value of b', order: 10 + round });
      if (round === 2) await engine.snapshot();
      await engine.close();
    }
    // Set aside for whoever wants to look.
    expect(fileSystem.paths().some((path) => path.includes('damaged-log-0000000001.kv'))).toBe(true);
  });

  it('of an atomic batch costs the partitions of all its records', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openOn(fileSystem);
    const group = keys.map((key, index) =>
      recordOf({ key, value: 'value', order: index + 1, batchContinues: index < 2 }),
    );
    const last = engine.apply(Buffer.concat(group)).at(-1)!;
    if (last.kind !== 'stored') throw new Error('not stored');
    await engine.durable(last.position);
    const rotten = fileSystem.kill();
    const whole = fileSystem.contents(log);
    const valueOfB = fileHeaderBytes + batchHeaderBytes + group[0]!.length + keyOffset(0) + 1;
    rotten.replace(log, flipped(whole, valueOfB * 8));
    const again = await openOn(rotten);
    expect(keys.map((key) => read(again.engine, key))).toEqual(['damaged', 'damaged', 'damaged', 'value']);
  });

  it('is recorded before anything else is touched', async () => {
    const fileSystem = await twoBatches();
    const whole = fileSystem.contents(log);
    const valueOfA = fileHeaderBytes + batchHeaderBytes + keyOffset(0) + 1;
    // Damage in the first batch, and the second torn.
    fileSystem.replace(log, flipped(whole, valueOfA * 8).subarray(0, whole.length - 8));
    const before = fileSystem.operations.length;
    await openOn(fileSystem);
    const changes = fileSystem.operations
      .slice(before)
      .filter(({ kind }) => kind === 'rename' || kind === 'create');
    expect(changes[0]?.path).toContain('MANIFEST');
  });

  it('with damage accepted, what is left is served again, for good', async () => {
    const fileSystem = await twoBatches();
    const whole = fileSystem.contents(log);
    fileSystem.replace(log, flipped(whole, (fileHeaderBytes + batchHeaderBytes + keyOffset(0) + 1) * 8));
    await (await openOn(fileSystem)).engine.close();
    const accepting = await openOn(fileSystem, { damage: 'accept' });
    expect(keys.map((key) => read(accepting.engine, key))).toEqual([
      undefined,
      'value of b',
      'value of c',
      'value of f',
    ]);
    await storeDurably(accepting.engine, { key: 'a', value: 'new', order: 9 });
    await accepting.engine.close();
    const { engine } = await openOn(fileSystem);
    expect(engine.suspectPartitions.size).toBe(0);
    expect(read(engine, 'a')).toBe('new');
  });

  it('that the disk cannot read is damage, not the end', async () => {
    const fileSystem = await twoBatches();
    const faulty = createFaultyFileSystem(fileSystem, [{ on: 'read', path: /log-/, effect: 'EIO' }]);
    const { engine } = await openOn(faulty);
    expect(engine.suspectPartitions.size).toBe(8);
  });
});
