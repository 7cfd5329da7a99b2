import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { partitionOf } from './index.js';

const hash = fc.integer({ min: 0, max: 0xffff_ffff });
const partitions = fc.integer({ min: 0, max: 16 }).map((bits) => 2 ** bits);

describe('partitionOf', () => {
  it('takes the top bits: partitions are equal arcs, in order (oracle: multiplication)', () => {
    fc.assert(
      fc.property(hash, partitions, (keyHash, count) => {
        expect(partitionOf(keyHash, count)).toBe(Math.floor((keyHash / 2 ** 32) * count));
      }),
    );
  });

  it('the ends of the ring', () => {
    expect([partitionOf(0, 1), partitionOf(0xffff_ffff, 1)]).toEqual([0, 0]);
    expect([partitionOf(0, 1024), partitionOf(0xffff_ffff, 1024)]).toEqual([0, 1023]);
    expect([partitionOf(0x003f_ffff, 1024), partitionOf(0x0040_0000, 1024)]).toEqual([0, 1]);
    expect(partitionOf(0xffff_ffff, 65_536)).toBe(65_535);
  });
});
