import { describe, expect, it, jest } from '@jest/globals';
import { createMemoryFileSystem, type MemoryFileSystem } from '@kv/testing';

import { batchHeaderBytes, fileHeaderBytes } from '../src/log/frame.js';
import { directory, openOn, read, recordOf, storeDurably } from './engine-harness.js';

// Many small cases: on a busy machine they take longer than the default allows.
jest.setTimeout(60_000);

const log = `${directory}/log-0000000001.kv`;
const manifest = `${directory}/MANIFEST`;

/** Five batches of one record each; where each ends. */
async function fiveBatches(): Promise<{ fileSystem: MemoryFileSystem; ends: number[] }> {
  const fileSystem = createMemoryFileSystem();
  const { engine } = await openOn(fileSystem);
  const ends: number[] = [];
  for (let order = 1; order <= 5; order += 1) {
    await storeDurably(engine, { key: `key${order}`, value: `value ${order}`, order });
    ends.push(fileSystem.contents(log).length);
  }
  return { fileSystem: fileSystem.kill(), ends };
}

describe('log recovery', () => {
  it('of a log cut at every byte keeps every whole batch, and only those', async () => {
    const { fileSystem, ends } = await fiveBatches();
    const whole = fileSystem.contents(log);
    for (let cut = fileHeaderBytes; cut <= whole.length; cut += 1) {
      const crashed = fileSystem.kill();
      crashed.replace(log, whole.subarray(0, cut));
      const { engine } = await openOn(crashed);
      const kept = ends.filter((end) => end <= cut).length;
      const found = [1, 2, 3, 4, 5].map((order) => read(engine, `key${order}`));
      expect(found).toEqual([1, 2, 3, 4, 5].map((order) => (order <= kept ? `value ${order}` : undefined)));
      const { recovery } = engine.stats();
      expect(recovery).toEqual({
        records: kept,
        cutBytes: cut - (ends[kept - 1] ?? fileHeaderBytes),
        damage: [],
      });
      // What is written after the cut is found by the next opening, and nothing is reported again.
      await storeDurably(engine, { key: 'after', value: String(cut), order: 9 });
      await engine.close();
      const again = await openOn(crashed);
      expect(read(again.engine, 'after')).toBe(String(cut));
      expect(again.engine.stats().recovery).toMatchObject({ cutBytes: 0, damage: [] });
      await again.engine.close();
    }
  });

  it('of a log cut within its own header, which was synced, reports damage', async () => {
    const { fileSystem } = await fiveBatches();
    const whole = fileSystem.contents(log);
    for (let cut = 0; cut < fileHeaderBytes; cut += 1) {
      const crashed = fileSystem.kill();
      crashed.replace(log, whole.subarray(0, cut));
      const { engine, logger } = await openOn(crashed);
      expect(engine.suspectPartitions.size).toBe(8);
      expect(logger.messages('error')).toHaveLength(1);
      expect(read(engine, 'key1')).toBe('damaged');
      await engine.close();
    }
  });

  it('survives one crash after the other, each in a new file', async () => {
    let fileSystem = createMemoryFileSystem();
    for (let round = 1; round <= 20; round += 1) {
      const { engine } = await openOn(fileSystem);
      for (let order = 1; order < round; order += 1) expect(read(engine, `key${order}`)).toBe('value');
      await storeDurably(engine, { key: `key${round}`, value: 'value', order: round });
      fileSystem = fileSystem.crash();
    }
  });

  it('of an interrupted first opening begins anew', async () => {
    const fileSystem = createMemoryFileSystem();
    await (await openOn(fileSystem)).engine.close();
    for (const operation of fileSystem.operations.keys()) {
      let crashed: MemoryFileSystem | undefined;
      let count = 0;
      const watched = createMemoryFileSystem({
        afterOperation: (_, now) => {
          if (count === operation) crashed = now.crash();
          count += 1;
        },
      });
      await (await openOn(watched)).engine.close();
      const { engine } = await openOn(crashed!);
      expect(engine.suspectPartitions.size).toBe(0);
      await storeDurably(engine, { key: 'a', value: '1', order: 1 });
      await engine.close();
    }
  });

  it('writes what it kept of the newest log again, to a new file: its bytes may be in the cache only', async () => {
    const { fileSystem } = await fiveBatches();
    const { engine: opened } = await openOn(fileSystem);
    const made = fileSystem.operations.filter(
      ({ kind, path }) => kind === 'rename' && path.includes('log-0000000002'),
    );
    expect(made).toHaveLength(1);
    await opened.close();
    const { engine } = await openOn(fileSystem.crash());
    expect(read(engine, 'key5')).toBe('value 5');
  });

  it('reports a log file that is missing, in the middle or at the end', async () => {
    for (const missing of [1, 2, 3]) {
      const fileSystem = createMemoryFileSystem();
      for (let order = 1; order <= 3; order += 1) {
        const { engine } = await openOn(fileSystem);
        await storeDurably(engine, { key: `key${order}`, value: 'value', order });
        await engine.close();
      }
      await fileSystem.remove(`${directory}/log-000000000${missing}.kv`);
      const { engine } = await openOn(fileSystem);
      expect(engine.suspectPartitions.size).toBe(8);
      expect(engine.stats().recovery.damage.join()).toContain(`log-000000000${missing}.kv`);
      await engine.close();
      // The mark is durable.
      expect((await openOn(fileSystem.crash())).engine.suspectPartitions.size).toBe(8);
    }
  });

  it('reports an older log file that lost its end', async () => {
    const { fileSystem, ends } = await fiveBatches();
    const { engine } = await openOn(fileSystem);
    await storeDurably(engine, { key: 'later', value: 'value', order: 9 });
    await engine.close();
    // The last batch was written again to the later file.
    for (const cut of [ends[2]!, ends[2]! + 5, ends[3]! - 1]) {
      const crashed = fileSystem.kill();
      crashed.replace(log, fileSystem.contents(log).subarray(0, cut));
      const opened = await openOn(crashed);
      expect(opened.engine.suspectPartitions.size).toBe(8);
      await opened.engine.close();
    }
  });

  it('a file that is not ours, or newer, is named and left alone', async () => {
    const { fileSystem } = await fiveBatches();
    const ours = Buffer.from(fileSystem.contents(manifest)).toString();
    const cases: [string, string, string][] = [
      [manifest, 'MANIFEST-000002\n', 'another program'],
      [manifest, '', 'another program'],
      [manifest, ours.replace('kv-storage 3', 'kv-storage 4'), 'format version 4'],
      [manifest, ours.replace('"partitions":8', '"partitions":4'), 'checksum'],
      [manifest, ours.slice(0, -10), 'checksum'],
    ];
    for (const [path, content, reason] of cases) {
      const other = fileSystem.kill();
      other.replace(path, Buffer.from(content));
      const before = other.paths().map((name) => [name, Buffer.from(other.contents(name)).toString('hex')]);
      await expect(openOn(other)).rejects.toMatchObject({ code: 'corrupt' });
      await expect(openOn(other)).rejects.toThrow(reason);
      await expect(openOn(other)).rejects.toThrow(path);
      expect(other.paths().map((name) => [name, Buffer.from(other.contents(name)).toString('hex')])).toEqual(
        before,
      );
    }
    await fileSystem.remove(manifest);
    await expect(openOn(fileSystem)).rejects.toThrow(/log-0000000001.kv is there, but .*MANIFEST is missing/);
  });

  it('refuses a directory that was created with other options', async () => {
    const { fileSystem } = await fiveBatches();
    await expect(openOn(fileSystem, { partitions: 16 })).rejects.toThrow(
      /partitions: .* created with 8, not 16/,
    );
    await expect(openOn(fileSystem, { retainTombstones: false })).rejects.toThrow(/for replication/);
    await (await openOn(fileSystem)).engine.close();
  });

  it('an atomic batch that was torn is dropped whole', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openOn(fileSystem);
    await storeDurably(engine, { key: 'before', value: '1', order: 1 });
    const start = fileSystem.contents(log).length;
    const group = [2, 3, 4].map((order) =>
      recordOf({ key: `key${order}`, value: '1', order, batchContinues: order < 4 }),
    );
    const results = engine.apply(Buffer.concat(group));
    const last = results.at(-1)!;
    if (last.kind !== 'stored') throw new Error('not stored');
    await engine.durable(last.position);
    const whole = fileSystem.contents(log);
    expect(whole.length).toBe(start + batchHeaderBytes + Buffer.concat(group).length);
    for (let cut = start; cut < whole.length; cut += 8) {
      const crashed = fileSystem.kill();
      crashed.replace(log, whole.subarray(0, cut));
      const again = await openOn(crashed);
      expect(['before', 'key2', 'key3', 'key4'].map((key) => read(again.engine, key))).toEqual([
        '1',
        undefined,
        undefined,
        undefined,
      ]);
      await again.engine.close();
    }
  });
});
