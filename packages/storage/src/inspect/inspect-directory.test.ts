import { describe, expect, it } from '@jest/globals';
import { createMemoryFileSystem, type MemoryFileSystem } from '@kv/testing';

import { directory } from '../../test/engine-harness.js';
import { closeFiles, flipped, newestLog, openFilesOn, put } from '../../test/files-harness.js';
import { fileHeaderBytes } from '../log/frame.js';
import { systemTimers } from '../system/system-ports.adapter.js';
import { inspectDirectory } from './inspect-directory.js';

const inspect = (fileSystem: MemoryFileSystem) =>
  inspectDirectory(directory, { fileSystem, timers: systemTimers() });

async function filled(): Promise<MemoryFileSystem> {
  const fileSystem = createMemoryFileSystem();
  const opened = await openFilesOn(fileSystem);
  for (let order = 1; order <= 4; order += 1) await put(opened, `key${order}`, `value${order}`, order);
  await opened.files.snapshots.take();
  await put(opened, 'key1', undefined, 5);
  await put(opened, 'key2', 'newer', 6);
  await closeFiles(opened);
  return fileSystem;
}

function everything(fileSystem: MemoryFileSystem): unknown {
  return fileSystem.paths().map((path) => [path, Buffer.from(fileSystem.contents(path)).toString('hex')]);
}

describe('a directory looked at offline', () => {
  it('says what every file holds and what opening it finds, and changes nothing', async () => {
    const fileSystem = await filled();
    const before = everything(fileSystem);
    const found = await inspect(fileSystem);
    expect(found.refusal).toBeUndefined();
    expect(found.manifest).toMatchObject({
      partitions: 8,
      snapshot: 2,
      logFirst: 2,
      logLast: 2,
      incarnation: 1,
    });
    expect(
      found.files.map(({ name, role, content }) => [name, role, content?.records, content?.end]),
    ).toEqual([
      ['MANIFEST', 'manifest', undefined, undefined],
      ['snapshot-0000000002.kv', 'snapshot', 4, 'complete'],
      ['log-0000000002.kv', 'log', 2, 'complete'],
    ]);
    expect(found.recovery).toMatchObject({
      records: 6,
      keys: 3,
      tombstones: 1,
      cutBytes: 0,
      damage: [],
      suspectPartitions: [],
    });
    expect([...found.entries()].map(({ key }) => Buffer.from(key).toString()).sort()).toEqual([
      'key1',
      'key2',
      'key3',
      'key4',
    ]);
    const all: string[] = [];
    for await (const { file, record } of found.records())
      all.push(`${file.slice(0, 3)} ${Buffer.from(record.key).toString()}`);
    expect(all).toHaveLength(6);
    expect(all.slice(-2)).toEqual(['log key1', 'log key2']);
    expect(everything(fileSystem)).toEqual(before);
  });

  it('names damage, and a torn end, as opening would', async () => {
    const fileSystem = await filled();
    const log = newestLog(fileSystem);
    const whole = fileSystem.contents(log);
    fileSystem.replace(log, whole.subarray(0, -8));
    const torn = await inspect(fileSystem);
    expect(torn.recovery).toMatchObject({ records: 5, damage: [], suspectPartitions: [] });
    expect(torn.recovery!.cutBytes).toBeGreaterThan(0);
    fileSystem.replace(log, flipped(whole, whole.length * 8 - 70));
    const rotten = await inspect(fileSystem);
    expect(rotten.recovery).toMatchObject({ records: 5, cutBytes: 0, incarnation: 2 });
    expect(rotten.recovery!.suspectPartitions).toHaveLength(1);
    expect(rotten.files.at(2)?.content?.damage).toHaveLength(1);
    const opened = await openFilesOn(fileSystem);
    expect(opened.files.recovery.damage).toEqual(rotten.recovery!.damage);
    expect([...opened.files.suspects.partitions]).toEqual(rotten.recovery!.suspectPartitions);
  });

  it('says why it would not be opened', async () => {
    const fileSystem = await filled();
    const manifest = fileSystem.contents(`${directory}/MANIFEST`);
    fileSystem.replace(`${directory}/MANIFEST`, flipped(manifest, 400));
    expect((await inspect(fileSystem)).refusal).toContain('checksum');
    fileSystem.replace(`${directory}/MANIFEST`, manifest);
    fileSystem.replace(newestLog(fileSystem), new Uint8Array(fileHeaderBytes - 1));
    expect((await inspect(fileSystem)).recovery?.suspectPartitions).toHaveLength(8);
    await expect(inspectDirectory('/absent', { fileSystem, timers: systemTimers() })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });
});
