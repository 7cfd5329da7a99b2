import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { encodeRecord } from '../record/encode-record.js';
import { inspectRecord } from '../record/record.js';
import { xxh32 } from '../record/xxh32.js';
import { KeyWords } from './key-words.js';
import { verifyAt } from './record-words.js';
import { xxh32Words } from './xxh32-words.js';

describe('xxh32 over words', () => {
  it('equals xxh32 over bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const padded = new Uint8Array(304).fill(0xa5);
        padded.set(bytes);
        expect(xxh32Words(new Int32Array(padded.buffer), 0, bytes.length) >>> 0).toBe(xxh32(bytes));
        const key = new KeyWords();
        key.load(bytes);
        expect(key.hash >>> 0).toBe(xxh32(bytes));
      }),
    );
  });
});

describe('verifying a record over words', () => {
  it('finds the same records intact as verifying over bytes', () => {
    const fields = {
      key: Uint8Array.of(1, 2, 3),
      value: Uint8Array.of(4, 5),
      version: { timestamp: 77 as never, node: 9 },
      expiresAtMs: 123,
      operationId: new Uint8Array(16).fill(7),
    };
    const plain = encodeRecord({ ...fields, expiresAtMs: 0, operationId: undefined });
    for (const record of [encodeRecord(fields), plain]) {
      expect(verifyAt(new Int32Array(record.buffer), 0, record.length)).toBe(record.length);
      for (let bit = 0; bit < record.length * 8; bit += 1) {
        const damaged = record.slice();
        damaged[bit >>> 3]! ^= 1 << (bit & 7);
        expect(typeof inspectRecord(damaged, 0)).toBe('string');
        expect(verifyAt(new Int32Array(damaged.buffer), 0, damaged.length)).toBe(0);
      }
    }
  });
});
