import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createMemoryFileSystem, fileSystemContract, type FileSystemShape } from '@kv/testing';

import { nodeFileSystem } from './node-file-system.adapter.js';
import { open } from '../embedded/open.js';
import { writtenAtOnceBytesMax } from '../limits.js';
import type { FileSystem } from '../ports.js';

describe('the real file system', () => {
  let parent = '';

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'kv-storage-'));
  });

  afterEach(() => rm(parent, { recursive: true }));

  it.each(fileSystemContract.map(({ name, run }) => [name, run] as const))('%s', (_, run) =>
    run({ fileSystem: nodeFileSystem(), directory: join(parent, 'new') }),
  );

  it('gathers small and large batches, beside a sync and without one, byte for byte', async () => {
    const path = join(parent, 'batches');
    const file = await nodeFileSystem().create(path);
    const batches = [10, writtenAtOnceBytesMax, writtenAtOnceBytesMax + 1, 20].map((bytes, index) => [
      Buffer.alloc(3, index),
      Buffer.alloc(bytes - 3, index + 100),
    ]);
    let position = 0;
    for (const [index, parts] of batches.entries()) {
      const syncing = index === 3 ? file.sync() : undefined;
      expect(await file.writev(parts, position)).toBe(parts[0]!.length + parts[1]!.length);
      await syncing;
      position += parts[0]!.length + parts[1]!.length;
    }
    await file.sync();
    await file.close();
    expect(Buffer.concat(batches.flat()).equals(await readFile(path))).toBe(true);
  });

  it('and the fakes have the same shape', () => {
    createMemoryFileSystem() satisfies FileSystem;
    const shape: FileSystemShape = nodeFileSystem();
    expect(Object.keys(createMemoryFileSystem())).toEqual(expect.arrayContaining(Object.keys(shape)));
  });

  it('basic operations of a store, its files, and its reopening', async () => {
    const directory = join(parent, 'a', 'store');
    const store = await open(directory, { valueEncoding: 'json' });
    await Promise.all(Array.from({ length: 300 }, (_, index) => store.put(`key${index}`, { index })));
    await store.snapshot();
    await store.put('last', null);
    expect(store.stats().batches).toBeLessThan(50);
    await store.close();
    expect((await readdir(directory)).sort()).toEqual([
      'MANIFEST',
      'log-0000000002.kv',
      'snapshot-0000000002.kv',
    ]);
    const again = await open(directory, { valueEncoding: 'json' });
    expect([...again.keys()]).toHaveLength(301);
    expect(again.get('key299')).toEqual({ index: 299 });
    await again.close();
  });

  it('names the directory, and what is wrong with it', async () => {
    const file = join(parent, 'file');
    await writeFile(file, 'text');
    for (const path of [file, join(file, 'below')]) {
      const opening = open(path);
      await expect(opening).rejects.toMatchObject({ code: 'invalid-argument' });
      await expect(opening).rejects.toThrow(path);
    }
    const foreign = join(parent, 'foreign');
    const store = await open(foreign);
    await store.close();
    await writeFile(join(foreign, 'LOCK'), '');
    await expect(open(foreign)).rejects.toThrow(join(foreign, 'LOCK'));
    for (const [text, reason] of [
      ['', 'is damaged'],
      ['{"pid":12', 'is damaged'],
      ['\0\0\0', 'is damaged'],
      ['text', 'another program'],
    ] as const) {
      await writeFile(join(foreign, 'LOCK'), text);
      await expect(open(foreign)).rejects.toThrow(reason);
    }
    await rm(join(foreign, 'LOCK'));
    await writeFile(join(foreign, 'MANIFEST'), 'something else');
    await expect(open(foreign)).rejects.toMatchObject({ code: 'corrupt' });
    await expect(open(foreign)).rejects.toThrow(join(foreign, 'MANIFEST'));
  });

  // The superuser may do everything.
  (process.getuid?.() === 0 ? it.skip : it)(
    'wrong permissions: a typed error that names the path',
    async () => {
      const directory = join(parent, 'locked');
      await (await open(directory)).close();
      await chmod(directory, 0o500);
      await expect(open(directory)).rejects.toMatchObject({ code: 'invalid-argument' });
      await expect(open(directory)).rejects.toThrow(directory);
      await chmod(directory, 0o700);
    },
  );
});
