import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { encodeRecord } from '../record/encode-record.js';
import { inspectRecord } from '../record/record.js';
import { xxh32 } from '../record/xxh32.js';
import { KeyWords } from './key-words.js';
import { hashSliceBytes, verifyAt, verifyInSlices } from './record-words.js';
import { PiecewiseXxh32, xxh32Words } from './xxh32-words.js';

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

describe('xxh32 piece by piece', () => {
  it('equals xxh32 in one piece', () => {
    const pieces = fc.array(fc.nat({ max: 5 }), { maxLength: 6 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), pieces, (bytes, stripesOfPieces) => {
        const padded = new Uint8Array(604).fill(0xa5);
        padded.set(bytes);
        const words = new Int32Array(padded.buffer);
        const hash = new PiecewiseXxh32();
        let done = 0;
        for (const stripes of stripesOfPieces) {
          if (done + 16 * stripes > bytes.length) break;
          hash.add(words, done >>> 2, stripes);
          done += 16 * stripes;
        }
        expect(hash.end(words, done >>> 2, bytes.length - done) >>> 0).toBe(xxh32(bytes));
      }),
      { numRuns: 500 },
    );
  });
});

describe('verifying a record over words', () => {
  it('finds a long record intact, in slices, and no bit of it changed', () => {
    const value = Uint8Array.from({ length: 2 * hashSliceBytes + 1_000 }, (_, index) => (index * 7) & 0xff);
    const record = encodeRecord({
      key: Uint8Array.of(1),
      value,
      version: { timestamp: 77 as never, node: 9 },
    });
    const words = new Int32Array(record.buffer);
    const verify = (end = record.length): { readonly length: number; readonly turns: number } => {
      const slices = verifyInSlices(words, 0, end);
      for (let turns = 0; ; turns += 1) {
        const step = slices.next();
        if (step.done === true) return { length: step.value, turns };
      }
    };
    expect(verify()).toEqual({ length: record.length, turns: 2 });
    expect(verify(record.length - 8)).toEqual({ length: 0, turns: 0 });
    for (const byte of [0, 5, 9, 33, 100, hashSliceBytes + 3, 2 * hashSliceBytes + 4, record.length - 1]) {
      record[byte]! ^= 16;
      expect(verify().length).toBe(0);
      record[byte]! ^= 16;
    }
    expect(verify().length).toBe(record.length);
  });

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
