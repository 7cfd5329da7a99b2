import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { KeyList } from './key-list.js';
import { KeyWords } from './key-words.js';

const laidOut = ({ words, bytes, hash }: KeyWords): unknown => ({
  key: Buffer.from(words.slice(0, (bytes + 3) >>> 2).buffer).toString('latin1'),
  bytes,
  hash,
});

const keyOf = (bytes: Uint8Array): KeyWords => {
  const key = new KeyWords();
  key.load(bytes);
  return key;
};

describe('a key laid out in words', () => {
  it('is the same from a text as from its bytes, or not taken at all', () => {
    const text = fc.oneof(
      { weight: 4, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 70 }) },
      fc.string({ unit: 'binary', maxLength: 20 }),
    );
    const before = fc.uint8Array({ maxLength: 80 });
    let taken = 0;
    fc.assert(
      fc.property(text, before, (given, other) => {
        const key = keyOf(other);
        const isTaken = key.loadText(given);
        const isAscii = Buffer.byteLength(given) === given.length;
        expect(isTaken).toBe(isAscii && given.length <= 64);
        if (!isTaken) return;
        taken += 1;
        expect(laidOut(key)).toEqual(laidOut(keyOf(Buffer.from(given))));
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(100);
  });
});

describe('a list of keys', () => {
  it('gives back what was added, however many there are, and after it was cleared', () => {
    const list = new KeyList();
    const keys = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 400, size: 'max' });
    fc.assert(
      fc.property(keys, (given) => {
        list.clear();
        const loaded = given.map(keyOf);
        for (const key of loaded) list.add(key);
        const restored = new KeyWords();
        restored.load(new Uint8Array(300).fill(0xff));
        loaded.forEach((key, index) => {
          expect([list.bytesOf(index), list.hashOf(index)]).toEqual([key.bytes, key.hash]);
          list.restore(index, restored);
          expect(laidOut(restored)).toEqual(laidOut(key));
        });
      }),
      { numRuns: 30 },
    );
  });
});
