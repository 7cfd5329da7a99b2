import { describe, expect, it } from '@jest/globals';
import { open } from '@kv/storage';

import { Cursor } from './cursor.js';
import type { Store } from './view.js';
import { Views } from './views.js';

/** A store that counts the iterations over it that nobody has ended. */
async function createCountingStore(): Promise<{ store: Store; underWay: () => number }> {
  const store = await open(':memory:', { keyEncoding: 'binary', valueEncoding: 'binary' });
  for (const name of ['a', 'b', 'c', 'd']) void store.put(name, name);
  let count = 0;
  const counting = Object.create(store, {
    entries: {
      value: (range: object) => ({
        [Symbol.iterator]: () => {
          count += 1;
          const inner = store.entries(range)[Symbol.iterator]();
          return { next: () => inner.next(), return: () => ((count -= 1), inner.return?.()) };
        },
      }),
    },
    get: { value: (key: Uint8Array) => store.get(key) },
  }) as Store;
  return { store: counting, underWay: () => count };
}

const timers = { nextTurn: (callback: () => void) => void setImmediate(callback) };
const shown = async (cursor: Cursor, size: number): Promise<string[]> =>
  (await cursor.read(size)).map(([key]) => key.toString());

describe('a cursor', () => {
  it('leaves no iteration of the store open: when it is closed, and when it goes elsewhere', async () => {
    const { store, underWay } = await createCountingStore();
    const cursor = new Cursor({ views: new Views(store), timers }, { reverse: false }, { values: true });
    expect(underWay()).toBe(0);
    expect(await shown(cursor, 2)).toEqual(['a', 'b']);
    expect(underWay()).toBe(1);
    cursor.seek(Buffer.from('a'));
    expect(underWay()).toBe(0);
    expect(await shown(cursor, 1)).toEqual(['a']);
    cursor.close();
    expect(underWay()).toBe(0);
    expect(await shown(cursor, 1)).toEqual([]);
  });
});
