import { describe, expect, it } from '@jest/globals';

import { createKeys } from './keys.js';
import { createIndexes, createValues } from './random.js';

describe('keys', () => {
  it.each(['bytes', 'strings'] as const)('are the same whichever way they are given: %s', (kind) => {
    const keys = createKeys(kind, { count: 1_000, groupSize: 3 });
    const shown = (numbers: number[]) => keys.group(Uint32Array.from(numbers)).map(String);
    expect(shown([0, 42, 999])).toEqual(['key-0000000000', 'key-0000000042', 'key-0000000999']);
    expect(shown([7])).toEqual(['key-0000000007']);
    expect(String(keys.one(123))).toBe('key-0000000123');
  });
});

describe('what is drawn', () => {
  it('is the same with the same seed, and covers everything', () => {
    const draw = (seed: number) => Array.from({ length: 2_000 }, createIndexes(seed, 50));
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    expect(new Set(draw(1)).size).toBe(50);
    expect(Math.max(...draw(1))).toBe(49);
  });

  it('gives different values of one length', () => {
    const values = createValues(100, 20);
    expect(new Set(values.map((value) => value.toString('hex'))).size).toBe(100);
    expect(values.every(({ length }) => length === 20)).toBe(true);
  });
});
