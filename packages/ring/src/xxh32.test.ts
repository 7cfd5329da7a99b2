import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import createXxhash, { type XXHashAPI } from 'xxhash-wasm';

import { xxh32 } from './xxh32.js';

describe('xxh32', () => {
  let reference: XXHashAPI;

  beforeAll(async () => {
    reference = await createXxhash();
  });

  it('equals xxhash-wasm over random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(xxh32(bytes)).toBe(reference.h32Raw(bytes));
      }),
      { numRuns: 500 },
    );
  });

  it('equals xxhash-wasm at every length and alignment, boundary conditions included', () => {
    const bytes = Uint8Array.from({ length: 700 }, (_, index) => (index * 151 + (index >>> 3)) & 0xff);
    for (let length = 0; length <= 300; length += 1) {
      for (let start = 0; start < 5; start += 1) {
        const part = bytes.subarray(start, start + length);
        expect(xxh32(part)).toBe(reference.h32Raw(part));
        expect(xxh32(bytes, start, start + length)).toBe(reference.h32Raw(part));
      }
    }
  });

  it('refuses a range outside of the bytes', () => {
    expect(() => xxh32(new Uint8Array(4), 0, 5)).toThrow(RangeError);
    expect(() => xxh32(new Uint8Array(4), 3, 2)).toThrow(RangeError);
  });
});
