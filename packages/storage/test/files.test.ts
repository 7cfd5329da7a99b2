import { describe, expect, it } from '@jest/globals';
import { createFaultyFileSystem, createMemoryFileSystem, type MemoryFileSystem } from '@kv/testing';

import { batchHeaderBytes, fileHeaderBytes } from '../src/log/frame.js';
import type { EngineOptions } from '../src/options.js';
import { recordOf } from './engine-harness.js';
import {
  append,
  closeFiles as close,
  contents,
  flipped,
  newestLog,
  openFilesOn as openOn,
  put,
} from './files-harness.js';

async function withBatches(count: number, options: Partial<EngineOptions> = {}): Promise<MemoryFileSystem> {
  const fileSystem = createMemoryFileSystem();
  const opened = await openOn(fileSystem, options);
  for (let order = 1; order <= count; order += 1) await put(opened, `key${order}`, `value${order}`, order);
  return fileSystem;
}

const expected = (count: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index + 1}`, `value${index + 1}`]));

describe('log and recovery', () => {
  it.each(['always', 'interval', 'os'] as const)(
    'at durability %s everything comes back after a kill',
    async (durability) => {
      let fileSystem = await withBatches(5, { durability });
      for (let round = 0; round < 3; round += 1) {
        fileSystem = fileSystem.kill();
        const opened = await openOn(fileSystem, { durability });
        expect(contents(opened.memory)).toEqual(expected(5 + round));
        expect(opened.files.recovery).toMatchObject({ cutBytes: 0, damage: [] });
        await put(opened, `key${6 + round}`, `value${6 + round}`, 6 + round);
      }
    },
  );

  it('a crash after every operation loses nothing durable, and recovery survives one as well', async () => {
    let durable = 0;
    const states: { readonly fileSystem: MemoryFileSystem; readonly durable: number }[] = [];
    const fileSystem = createMemoryFileSystem({
      afterOperation: (_, now) => states.push({ fileSystem: now.crash(), durable }),
    });
    const opened = await openOn(fileSystem);
    for (let order = 1; order <= 6; order += 1) {
      await put(opened, `key${order}`, `value${order}`, order);
      durable = order;
      if (order === 3) await opened.files.snapshots.take();
    }
    await close(opened);
    expect(states.length).toBeGreaterThan(30);
    for (const state of states) {
      const again = await openOn(state.fileSystem);
      expect(contents(again.memory)).toMatchObject(expected(state.durable));
      expect(again.files.suspects.partitions.size).toBe(0);
      const twice = await openOn(state.fileSystem.crash());
      expect(contents(twice.memory)).toEqual(contents(again.memory));
    }
  });

  it('an opening without writes leaves the directory as it is', async () => {
    const fileSystem = await withBatches(3);
    await close(await openOn(fileSystem.kill()));
    const settled = fileSystem.kill();
    await close(await openOn(settled));
    const before = settled.paths().map((path) => [path, Buffer.from(settled.contents(path)).toString('hex')]);
    const { files } = await openOn(settled.kill());
    expect(
      settled.paths().map((path) => [path, Buffer.from(settled.contents(path)).toString('hex')]),
    ).toEqual(before);
    expect(files.log.sequence).toBeGreaterThanOrEqual(3);
  });

  it('the sequence of the log never goes back', async () => {
    let fileSystem = await withBatches(3, { durability: 'os' });
    let highest = 3;
    for (let round = 0; round < 4; round += 1) {
      fileSystem = fileSystem.kill();
      const opened = await openOn(fileSystem, { durability: 'os' });
      expect(opened.files.log.sequence).toBeGreaterThanOrEqual(highest);
      await put(opened, `more${round}`, 'x', 10 + round);
      highest = opened.files.log.sequence;
    }
  });

  it('a log cut at every byte has a prefix of the batches, and is never suspect', async () => {
    const fileSystem = await withBatches(4);
    const log = newestLog(fileSystem);
    const whole = fileSystem.contents(log);
    const seen = new Set<number>();
    for (let cut = fileHeaderBytes; cut < whole.length; cut += 1) {
      const crashed = fileSystem.kill();
      crashed.replace(log, whole.subarray(0, cut));
      const { memory, files } = await openOn(crashed);
      const found = Object.keys(contents(memory)).length;
      expect(contents(memory)).toEqual(expected(found));
      expect(files.suspects.partitions.size).toBe(0);
      seen.add(found);
    }
    expect(seen).toEqual(new Set([0, 1, 2, 3]));
  });

  it('any bit flipped costs at most one record, is noticed, and no loss is counted twice', async () => {
    const fileSystem = await withBatches(4);
    const log = newestLog(fileSystem);
    const whole = fileSystem.contents(log);
    for (let bit = 0; bit < whole.length * 8; bit += 7) {
      const rotten = fileSystem.kill();
      rotten.replace(log, flipped(whole, bit));
      const { memory, files } = await openOn(rotten);
      const found = contents(memory);
      expect(Object.keys(found).length).toBeGreaterThanOrEqual(3);
      for (const [key, value] of Object.entries(found)) expect(value).toBe(key.replace('key', 'value'));
      expect(files.suspects.incarnation).toBe(2);
      expect(files.suspects.partitions.size).toBe(bit < fileHeaderBytes * 8 ? 8 : 1);
      if (bit % 98 !== 0) continue;
      const reopened = rotten.kill();
      const again = await openOn(reopened);
      expect(contents(again.memory)).toEqual(found);
      expect(again.files.suspects.incarnation).toBe(2);
      await again.files.snapshots.take();
      await again.files.suspects.clear([...Array(8).keys()])();
      const healthy = await openOn(reopened.crash());
      expect(healthy.files.recovery.damage).toEqual([]);
      expect(healthy.files.suspects.partitions.size).toBe(0);
      expect(reopened.paths().some((path) => path.includes('damaged-log'))).toBe(true);
    }
  });

  it('one flipped bit in a batch of many costs one partition', async () => {
    const fileSystem = createMemoryFileSystem();
    const opened = await openOn(fileSystem);
    for (let order = 1; order <= 100; order += 1) {
      append(opened.memory, recordOf({ key: `key${order}`, value: `value${order}`, order }));
    }
    await opened.files.log.sync();
    const log = newestLog(fileSystem);
    const whole = fileSystem.contents(log);
    const start = fileHeaderBytes + batchHeaderBytes;
    for (let bit = start * 8; bit < whole.length * 8; bit += 61) {
      const rotten = fileSystem.kill();
      rotten.replace(log, flipped(whole, bit));
      const { memory, files } = await openOn(rotten);
      expect(Object.keys(contents(memory))).toHaveLength(99);
      expect(files.suspects.partitions.size).toBe(1);
    }
  });
});

describe('disk full', () => {
  it('writes are refused, then resume by themselves, and a reopened store opens', async () => {
    const fileSystem = createMemoryFileSystem();
    const opened = await openOn(fileSystem);
    await put(opened, 'key0', 'value0', 1);
    await put(opened, 'key1', 'value1', 1);
    const used = fileSystem.paths().reduce((sum, path) => sum + fileSystem.contents(path).length, 0);
    fileSystem.capacityBytes = used + 20;
    await expect(put(opened, 'key2', 'value2', 2)).rejects.toMatchObject({ code: 'disk-full' });
    expect(opened.files.log.state.kind).toBe('full');
    const two = { key0: 'value0', key1: 'value1' };
    const full = fileSystem.kill();
    const reopened = await openOn(full);
    expect(contents(reopened.memory)).toEqual(two);
    expect(reopened.files.log.state.kind).toBe('full');
    expect(reopened.files.log.isDurable(reopened.memory.appended)).toBe(false);
    full.capacityBytes = Infinity;
    while (reopened.files.log.state.kind !== 'open') await new Promise((resolve) => setTimeout(resolve, 20));
    await put(reopened, 'key2', 'value2', 2);
    expect(contents((await openOn(full.crash())).memory)).toEqual({ ...two, key2: 'value2' });
    await close(reopened);
    fileSystem.capacityBytes = Infinity;
    await close(opened);
    expect(contents((await openOn(fileSystem.crash())).memory)).toEqual({ ...two, key2: 'value2' });
  });

  it('short writes, of any length, are carried on', async () => {
    const inner = createMemoryFileSystem();
    for (const most of [1, 7, 40, 100]) {
      const fileSystem = createFaultyFileSystem(inner, [
        { on: 'write', times: Infinity, path: /log-/, effect: most },
      ]);
      const opened = await openOn(fileSystem);
      await put(opened, `key${most}`, `value${most}`, most);
      await close(opened);
    }
    expect(Object.keys(contents((await openOn(inner.crash())).memory))).toHaveLength(4);
  });
});

describe('a sync that fails', () => {
  it('ends everything: nothing is acknowledged any more', async () => {
    const inner = createMemoryFileSystem();
    const fileSystem = createFaultyFileSystem(inner, [{ on: 'sync', nth: 2, path: /log-/, effect: 'EIO' }]);
    const opened = await openOn(fileSystem);
    await put(opened, 'key1', 'value1', 1);
    await expect(put(opened, 'key2', 'value2', 2)).rejects.toMatchObject({ code: 'internal' });
    await expect(put(opened, 'key3', 'value3', 3)).rejects.toMatchObject({ code: 'internal' });
    expect(contents((await openOn(inner.crash())).memory)).toEqual(expected(1));
  });
});

describe('long files', () => {
  it('records across chunks, long ones, and many small files come back as they were', async () => {
    const fileSystem = createMemoryFileSystem();
    let opened = await openOn(fileSystem, { durability: 'os' });
    const values = new Map<string, string>();
    for (let order = 1; order <= 220; order += 1) {
      const value = String(order).repeat(order % 50 === 0 ? 400_000 : 1 + ((order * 7919) % 60_000));
      values.set(`key${order % 200}`, value);
      append(opened.memory, recordOf({ key: `key${order % 200}`, value, order }));
      if (order % 40 === 0) await opened.files.log.rotate();
      opened.files.log.kick();
      if (order % 20 === 0) await opened.files.log.durable(opened.memory.appended);
      if (order === 120) await opened.files.snapshots.take();
    }
    await close(opened);
    opened = await openOn(fileSystem, { durability: 'os' });
    const found = contents(opened.memory);
    expect([...values].filter(([key, value]) => found[key] !== value).map(([key]) => key)).toEqual([]);
    expect(Object.keys(found)).toHaveLength(values.size);
    expect(opened.files.recovery.damage).toEqual([]);
  });
});
