import { describe, expect, it } from '@jest/globals';

import { keyBytesFormatMax } from '../limits.js';
import { KeyArena } from './key-arena.js';

function keyOf(bytes: number, fill: number): Uint8Array {
  return new Uint8Array(bytes).fill(fill);
}

describe('an arena of keys', () => {
  it('takes little for few: there is one for each partition', () => {
    const arena = new KeyArena();
    expect(arena.bytes).toBe(0);
    for (let index = 0; index < 20; index += 1) arena.add(keyOf(16, index));
    expect(arena.bytes).toBe(1024);
  });

  it('keeps keys of every length through all of its growth', () => {
    const arena = new KeyArena();
    const lengths = [
      0,
      1,
      2,
      1_021,
      1_022,
      3,
      keyBytesFormatMax,
      5,
      40_000,
      keyBytesFormatMax,
      keyBytesFormatMax,
    ];
    const keys = Array.from({ length: 20_000 }, (_, index) => keyOf(lengths[index] ?? index % 60, index));
    const refs = keys.map((key) => arena.add(key));
    expect(new Set(refs).size).toBe(keys.length);
    expect(refs).not.toContain(0);
    expect(keys.every((key, index) => Buffer.compare(key, arena.get(refs[index]!)) === 0)).toBe(true);
  });

  it('gives the place of a key to the next of its length', () => {
    const arena = new KeyArena();
    const ref = arena.add(keyOf(10, 1));
    arena.remove(ref);
    expect(arena.add(keyOf(9, 2))).toBe(ref);
  });
});
