import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { open } from '@kv/storage';

import { Cursor } from './cursor.js';
import type { LevelRange } from './range.js';
import type { Store } from './store.js';

describe('a cursor', () => {
  let store: Store;

  beforeEach(async () => {
    store = await open(':memory:', {
      keyEncoding: 'binary',
      valueEncoding: 'binary',
      snapshotIntervalMs: 0,
    });
    for (const name of ['a', 'b', 'c', 'd']) void store.put(name, name.repeat(1_000));
  });
  afterEach(() => store.close());

  const cursorOver = (range: LevelRange) => new Cursor(store, range, (view, each) => view.keys(each));
  const shown = async (cursor: Cursor<Uint8Array>, size: number): Promise<string[]> =>
    (await cursor.read(size)).map((key) => Buffer.from(key).toString());

  it('keeps nothing for itself once it is closed, wherever it went before', async () => {
    const cursor = cursorOver({ reverse: false });
    expect(await shown(cursor, 2)).toEqual(['a', 'b']);
    await store.put('d', '');
    cursor.seek(Buffer.from('a'));
    expect(await shown(cursor, 1)).toEqual(['a']);
    const open = store.stats().memoryBytes;
    cursor.close();
    expect(open - store.stats().memoryBytes).toBeGreaterThan(1_000);
    expect(await shown(cursor, 1)).toEqual([]);
  });

  it.each([
    [{ gt: 'a', gte: 'c', reverse: false }, ['c', 'd']],
    [{ lt: 'd', lte: 'b', reverse: true }, ['b', 'a']],
    [{ gt: 'a', lt: 'd', reverse: false }, ['b', 'c']],
  ])('lets inclusive bounds go first: %j', async ({ reverse, ...bounds }, expected) => {
    const encoded = Object.fromEntries(Object.entries(bounds).map(([name, key]) => [name, Buffer.from(key)]));
    expect(await shown(cursorOver({ ...encoded, reverse }), 9)).toEqual(expected);
  });

  it('seeks within its range, whatever becomes of the buffers it was given', async () => {
    const gt = Buffer.from('a');
    const cursor = cursorOver({ gt, reverse: false });
    gt.fill('z');
    const target = Buffer.from('c');
    cursor.seek(target);
    target.fill('a');
    expect(await shown(cursor, 9)).toEqual(['c', 'd']);
    cursor.seek(Buffer.from('a'));
    expect(await shown(cursor, 9)).toEqual([]);
    cursor.seek(Buffer.from('bb'));
    expect(await shown(cursor, 1)).toEqual(['c']);
  });
});
