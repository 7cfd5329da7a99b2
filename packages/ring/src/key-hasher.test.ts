import { describe, expect, it } from '@jest/globals';

import { loadKeyHasher } from './index.js';

const bytes = (text: string) => new TextEncoder().encode(text);

describe('key hasher', () => {
  // Vectors of the reference implementation, seed 0.
  it.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['123456789', 0x937bad67],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('keys hashed by xxhash-wasm give the known XXH32 of %j', async (text, expected) => {
    const hasher = await loadKeyHasher();
    expect(hasher.hash(bytes(text))).toBe(expected);
  });

  it('hashes the bytes of a view, not of the buffer behind it', async () => {
    const hasher = await loadKeyHasher();
    const buffer = bytes('xxabcxx');
    expect(hasher.hash(buffer.subarray(2, 5))).toBe(0x32d153ff);
    expect(hasher.hash(Buffer.from('abc'))).toBe(0x32d153ff);
  });

  it('hashes long keys and short ones after them', async () => {
    const hasher = await loadKeyHasher();
    const long = hasher.hash(new Uint8Array(1_000_000));
    expect(hasher.hash(bytes('abc'))).toBe(0x32d153ff);
    expect(hasher.hash(new Uint8Array(1_000_000))).toBe(long);
  });

  it('refuses a key that is not bytes', async () => {
    const hasher = await loadKeyHasher();
    for (const wrong of [
      'abc',
      5,
      null,
      undefined,
      [1, 2],
      new ArrayBuffer(3),
      new DataView(new ArrayBuffer(3)),
    ]) {
      expect(() => hasher.hash(wrong as never)).toThrow(TypeError);
    }
  });
});
