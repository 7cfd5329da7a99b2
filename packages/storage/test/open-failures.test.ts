import { describe, expect, it } from '@jest/globals';
import { createFaultyFileSystem, createMemoryFileSystem, type Fault } from '@kv/testing';

import { directory, openOn, read, storeDurably } from './engine-harness.js';

describe('an opening that is refused', () => {
  it.each<[Fault, string]>([
    [{ on: 'makeDirectory', effect: 'EACCES' }, 'invalid-argument'],
    [{ on: 'lock', effect: 'EACCES' }, 'invalid-argument'],
    [{ on: 'list', effect: 'EACCES' }, 'invalid-argument'],
    [{ on: 'openForRead', effect: 'EACCES' }, 'invalid-argument'],
    [{ on: 'openForRead', path: /log/, effect: 'EACCES' }, 'invalid-argument'],
  ])('by %j says %s, names the directory, and can be tried again', async (fault, code) => {
    const disk = createMemoryFileSystem();
    const { engine } = await openOn(disk);
    await storeDurably(engine, { key: 'a', value: '1', order: 1 });
    // The last batch of a file is written again by the next opening.
    await storeDurably(engine, { key: 'b', value: '1', order: 2 });
    await engine.close();
    const faulty = createFaultyFileSystem(disk, [{ ...fault, times: Infinity }]);
    await expect(openOn(faulty)).rejects.toMatchObject({ name: 'KvError', code });
    await expect(openOn(faulty)).rejects.toThrow(directory);
    faulty.heal();
    const again = await openOn(faulty);
    expect(read(again.engine, 'a')).toBe('1');
    await again.engine.close();
  });
});
