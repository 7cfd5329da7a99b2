import { describe, expect, it } from '@jest/globals';

import { createFaultyFileSystem } from './faulty-file-system.js';
import { fileSystemContract } from './file-system-contract.js';
import { createManualClock } from './manual-clock.js';
import { createManualTimers } from './manual-timers.js';
import { createMemoryFileSystem } from './memory-file-system.js';

describe('the memory file system', () => {
  it.each(fileSystemContract.map(({ name, run }) => [name, run] as const))('%s', (_, run) =>
    run({ fileSystem: createMemoryFileSystem(), directory: '/a' }),
  );

  async function prepared() {
    const fileSystem = createMemoryFileSystem();
    await fileSystem.makeDirectory('/a');
    const file = await fileSystem.create('/a/file');
    return { fileSystem, file };
  }

  it('loses in a crash what was not synced', async () => {
    const { fileSystem, file } = await prepared();
    await file.write(Uint8Array.of(1, 2), 0);
    await file.sync();
    expect(fileSystem.crash().paths()).toEqual([]);
    await fileSystem.syncDirectory('/a');
    await file.write(Uint8Array.of(9, 9, 9), 1);
    expect([...fileSystem.crash().contents('/a/file')]).toEqual([1, 2]);
    expect([...fileSystem.kill().contents('/a/file')]).toEqual([1, 9, 9, 9]);
    await file.sync();
    expect([...fileSystem.crash().contents('/a/file')]).toEqual([1, 9, 9, 9]);
  });

  it('keeps of the unsynced sectors those that it is told to, and fills the gaps with zeros', async () => {
    const { fileSystem, file } = await prepared();
    await fileSystem.syncDirectory('/a');
    await file.write(new Uint8Array(1400).fill(7), 0);
    const after = fileSystem.crash({ keep: ({ sector }) => sector === 1 }).contents('/a/file');
    expect(after.length).toBe(1024);
    expect([after[511], after[512], after[1023]]).toEqual([0, 7, 7]);
    expect(fileSystem.crash({ keep: ({ sector }) => sector === 2 }).contents('/a/file').length).toBe(1400);
  });

  it('makes renames and removals durable with the directory only', async () => {
    const { fileSystem, file } = await prepared();
    await file.sync();
    await fileSystem.syncDirectory('/a');
    await fileSystem.rename('/a/file', '/a/other');
    expect(fileSystem.crash().paths()).toEqual(['/a/file']);
    expect(fileSystem.crash({ keepName: () => true }).paths()).toEqual(['/a/other']);
    await fileSystem.syncDirectory('/a');
    await fileSystem.remove('/a/other');
    expect(fileSystem.crash().paths()).toEqual(['/a/other']);
    await fileSystem.syncDirectory('/a');
    expect(fileSystem.crash().paths()).toEqual([]);
  });

  it('is not changed by a crash taken of it, nor by what happens to that', async () => {
    const { fileSystem, file } = await prepared();
    await file.write(Uint8Array.of(1), 0);
    fileSystem.kill().replace('/a/file', Uint8Array.of(5));
    expect([...fileSystem.contents('/a/file')]).toEqual([1]);
  });

  it('takes what fits, then is full, until there is room', async () => {
    const { fileSystem, file } = await prepared();
    fileSystem.capacityBytes = 3;
    expect(await file.write(new Uint8Array(5), 0)).toBe(3);
    await expect(file.write(new Uint8Array(2), 3)).rejects.toMatchObject({ code: 'ENOSPC' });
    expect(await file.write(Uint8Array.of(8), 0)).toBe(1);
    fileSystem.capacityBytes = 10;
    expect(await file.write(new Uint8Array(2), 3)).toBe(2);
  });

  it('lists its operations, and lets a test look after each', async () => {
    const seen: string[] = [];
    const fileSystem = createMemoryFileSystem({
      afterOperation: ({ kind }, at) => seen.push(`${kind} ${at.paths().length}`),
    });
    await fileSystem.makeDirectory('/a');
    const file = await fileSystem.create('/a/file');
    await file.write(new Uint8Array(1), 0);
    expect(seen).toEqual(['makeDirectory 0', 'create 1', 'write 1']);
    expect(fileSystem.operations.map(({ path }) => path)).toEqual(['/a', '/a/file', '/a/file']);
  });
});

describe('the faulty file system', () => {
  it.each(fileSystemContract.map(({ name, run }) => [name, run] as const))('without faults: %s', (_, run) =>
    run({ fileSystem: createFaultyFileSystem(createMemoryFileSystem(), []), directory: '/a' }),
  );

  it.each(fileSystemContract.map(({ name, run }) => [name, run] as const))(
    'with short writes and reads: %s',
    (_, run) =>
      run({
        fileSystem: createFaultyFileSystem(createMemoryFileSystem(), [
          { on: 'write', times: Infinity, effect: 1 },
        ]),
        directory: '/a',
      }),
  );

  it('fails at the n-th operation of a kind, as often as told, on paths that match, until healed', async () => {
    const fileSystem = createFaultyFileSystem(createMemoryFileSystem(), [
      { on: 'sync', nth: 2, effect: 'EIO' },
      { on: 'write', path: /file$/, times: Infinity, effect: 'ENOSPC' },
    ]);
    await fileSystem.makeDirectory('/a');
    const file = await fileSystem.create('/a/file');
    await file.sync();
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
    await file.sync();
    await expect(file.write(new Uint8Array(1), 0)).rejects.toMatchObject({ code: 'ENOSPC' });
    const other = await fileSystem.create('/a/other');
    expect(await other.write(new Uint8Array(1), 0)).toBe(1);
    expect(fileSystem.fired).toBe(2);
    fileSystem.heal();
    expect(await file.write(new Uint8Array(1), 0)).toBe(1);
  });
});

describe('faults that do not reject', () => {
  it('delay on the timers given, and lie', async () => {
    const inner = createMemoryFileSystem();
    const timers = createManualTimers(createManualClock());
    const fileSystem = createFaultyFileSystem(inner, [], { timers });
    await fileSystem.makeDirectory('/a');
    const file = await fileSystem.create('/a/file');
    await fileSystem.syncDirectory('/a');
    const heal = fileSystem.inject({ on: 'write', times: Infinity, effect: { delayMs: 50 } });
    let written = false;
    const slow = file.write(Uint8Array.of(1), 0).then(() => (written = true));
    await timers.advanceAsync(49);
    expect(written).toBe(false);
    await timers.advanceAsync(1);
    expect(await slow).toBe(true);
    heal();
    fileSystem.inject({ on: 'sync', nth: 2, effect: { lie: true } });
    await file.sync();
    await file.write(Uint8Array.of(2), 1);
    await file.sync();
    expect([...inner.crash().contents('/a/file')]).toEqual([1]);
    fileSystem.inject({ on: 'list', effect: { lie: true } });
    await expect(fileSystem.list('/a')).rejects.toThrow('cannot lie');
  });
});

describe('the contract suite', () => {
  it.each<[string, Parameters<typeof createFaultyFileSystem>[1]]>([
    ['writes that take nothing', [{ on: 'rename', effect: 'EIO' }]],
    ['a lock that is refused', [{ on: 'lock', nth: 3, effect: 'EIO' }]],
    ['a read that fails', [{ on: 'read', effect: 'EIO' }]],
  ])('finds %s', async (_, plan) => {
    const outcomes = await Promise.allSettled(
      fileSystemContract.map(({ run }) =>
        run({ fileSystem: createFaultyFileSystem(createMemoryFileSystem(), plan), directory: '/a' }),
      ),
    );
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
  });
});
