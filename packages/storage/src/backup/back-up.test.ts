import { describe, expect, it } from '@jest/globals';
import {
  createFaultyFileSystem,
  createManualClock,
  createMemoryFileSystem,
  type FileSystemShape,
} from '@kv/testing';

import { directory, recordOf } from '../../test/engine-harness.js';
import { append, contents, openFilesOn, type OpenedFiles, put } from '../../test/files-harness.js';
import { open } from '../embedded/open.js';
import { createVolatileLog } from '../log/volatile-log.js';
import { systemTimers } from '../system/system-ports.adapter.js';
import { backUp, type BackupTask } from './back-up.js';

const target = '/backup';

function taskOf(
  fileSystem: FileSystemShape,
  { memory, files }: OpenedFiles,
  change: Partial<BackupTask> = {},
): BackupTask {
  const { log, suspects } = files;
  return {
    ...{ fileSystem, timers: systemTimers(), directory: target, memory, log, suspects },
    retainTombstones: true,
    beforeSlice: () => undefined,
    ...change,
  };
}

async function filled(fileSystem: FileSystemShape): Promise<OpenedFiles> {
  const opened = await openFilesOn(fileSystem);
  for (let order = 1; order <= 2_000; order += 1) {
    append(opened.memory, recordOf({ key: `key${order}`, value: `value${order}`.repeat(60), order }));
  }
  await opened.files.log.sync();
  return opened;
}

describe('backup', () => {
  it('opens to what was there at its end, atomic batches whole, while writes go on', async () => {
    const fileSystem = createMemoryFileSystem();
    const opened = await filled(fileSystem);
    let order = 2_000;
    let slices = 0;
    await backUp(
      taskOf(fileSystem, opened, {
        // Keys at both ends of the walk, in one batch: the walk meets the old one of one of them.
        beforeSlice: () => {
          slices += 1;
          for (let index = 1; index <= 200; index += 1) {
            order += 1;
            const batchContinues = index < 200;
            append(
              opened.memory,
              recordOf({
                key: `key${index * 10}`,
                value: `slice${slices} `.repeat(50),
                order,
                batchContinues,
              }),
            );
          }
          opened.files.log.kick();
        },
      }),
    );
    expect(slices).toBeGreaterThan(3);
    const expected = contents(opened.memory);
    await put(opened, 'key1', 'later', order + 1);
    const { memory, files } = await openFilesOn(fileSystem.crash(), { directory: target });
    expect(contents(memory)).toEqual(expected);
    expect(files.recovery.damage).toEqual([]);
    expect(
      new Set(Array.from({ length: 200 }, (_, index) => contents(memory)[`key${(index + 1) * 10}`])),
    ).toEqual(new Set([`slice${slices} `.repeat(50)]));
  });

  it('keeps marks and incarnation', async () => {
    const fileSystem = createMemoryFileSystem();
    const opened = await openFilesOn(fileSystem);
    await opened.files.suspects.begin(5);
    await backUp(taskOf(fileSystem, opened));
    const { suspects } = (await openFilesOn(fileSystem.crash(), { directory: target })).files;
    expect([suspects.incarnation, suspects.partitions.size]).toEqual([5, 8]);
  });

  it('of an engine and a store, and of one that is only in memory', async () => {
    const fileSystem = createMemoryFileSystem();
    const clock = createManualClock({ nowMs: 1_800_000_000_000 });
    for (const directory of [':memory:', '/source']) {
      const store = await open(directory, {}, { fileSystem, clock });
      await store.put('a', '1');
      await store.delete('a');
      await store.put('b', '2');
      await store.backup(`/copy-of${directory}`);
      await store.put('b', '3');
      await expect(store.backup(`/copy-of${directory}`)).rejects.toMatchObject({ code: 'invalid-argument' });
      await store.close();
      await expect(store.backup('/closed')).rejects.toMatchObject({ code: 'closed' });
      const copy = await open(`/copy-of${directory}`, {}, { fileSystem: fileSystem.crash(), clock });
      expect([...copy.entries()]).toEqual([['b', '2']]);
      await copy.close();
    }
  });

  it('of what is only in memory', async () => {
    const fileSystem = createMemoryFileSystem();
    const { memory, files } = await filled(fileSystem);
    await backUp({ ...taskOf(fileSystem, { memory, files }), log: createVolatileLog(memory) });
    expect(contents((await openFilesOn(fileSystem.crash(), { directory: target })).memory)).toEqual(
      contents(memory),
    );
  });

  it('refuses a directory with something in it, and leaves nothing behind when it fails', async () => {
    const fileSystem = createMemoryFileSystem();
    const opened = await openFilesOn(fileSystem);
    await put(opened, 'key', 'value', 1);
    const refused = backUp(taskOf(fileSystem, opened, { directory }));
    await expect(refused).rejects.toMatchObject({ code: 'invalid-argument' });
    await expect(refused).rejects.toThrow(directory);
    for (let nth = 1; nth <= 20; nth += 1) {
      const full = createFaultyFileSystem(fileSystem, [
        { on: 'write', nth, path: /backup/, effect: 'ENOSPC' },
      ]);
      const outcome = await backUp(taskOf(full, opened)).catch((error: unknown) => error);
      if (outcome === undefined) {
        expect(nth).toBeGreaterThan(2);
        expect(fileSystem.paths().filter((path) => path.startsWith(target))).toHaveLength(3);
        return;
      }
      expect(outcome).toMatchObject({ code: 'disk-full' });
      expect(fileSystem.paths().filter((path) => path.startsWith(target))).toEqual([]);
    }
    throw new Error('it never succeeded');
  });
});
