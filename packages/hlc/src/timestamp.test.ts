import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  counterOf,
  isTimestamp,
  maxTimestamp,
  physicalMs,
  plusMs,
  timestampOf,
  zeroTimestamp,
  type Timestamp,
} from './index.js';

const firstMs = Date.UTC(2020, 0, 1);
const lastMs = firstMs + 2 ** 41 - 1;
const anyUnixMs = fc.integer({ min: firstMs, max: lastMs });
const anyCounter = fc.integer({ min: 0, max: 4095 });

describe('timestamp', () => {
  it('holds milliseconds and counter exactly (oracle: BigInt)', () => {
    fc.assert(
      fc.property(anyUnixMs, anyCounter, (unixMs, counter) => {
        const timestamp = timestampOf(unixMs, counter);
        expect(BigInt(timestamp)).toBe((BigInt(unixMs - firstMs) << 12n) | BigInt(counter));
        expect(isTimestamp(timestamp)).toBe(true);
        expect([physicalMs(timestamp), counterOf(timestamp)]).toEqual([unixMs, counter]);
      }),
    );
  });

  it('spans exactly the safe integers from 0', () => {
    expect(timestampOf(firstMs)).toBe(zeroTimestamp);
    expect(timestampOf(lastMs, 4095)).toBe(maxTimestamp);
    expect(maxTimestamp).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('cuts a fraction of a millisecond off, as monotonic clocks return it', () => {
    expect(timestampOf(firstMs + 5.999)).toBe(timestampOf(firstMs + 5));
    expect(plusMs(timestampOf(firstMs + 5, 7), 1.999)).toBe(timestampOf(firstMs + 6, 7));
  });

  it('plusMs adds and subtracts, keeps the counter, and stays within the span', () => {
    fc.assert(
      fc.property(anyUnixMs, anyUnixMs, anyCounter, (from, to, counter) => {
        expect(plusMs(timestampOf(from, counter), to - from)).toBe(timestampOf(to, counter));
      }),
    );
    expect(() => plusMs(zeroTimestamp, -1)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    expect(() => plusMs(maxTimestamp, 1)).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    expect(() => plusMs(zeroTimestamp, Number.NaN)).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it('refuses wrong values with a code', () => {
    const wrong: [number, number?][] = [
      [firstMs - 1],
      [lastMs + 1],
      [Number.NaN],
      [Number.POSITIVE_INFINITY],
      [firstMs, -1],
      [firstMs, 4096],
      [firstMs, 0.5],
      [firstMs, Number.NaN],
    ];
    for (const [unixMs, counter] of wrong) {
      expect(() => timestampOf(unixMs, counter)).toThrow(
        expect.objectContaining({ code: 'invalid-argument' }),
      );
    }
  });

  it('refuses wrong types with a TypeError', () => {
    for (const wrong of ['1', 1n, null, undefined, {}, new Date()]) {
      expect(() => timestampOf(wrong as number)).toThrow(TypeError);
      expect(() => plusMs(wrong as Timestamp, 0)).toThrow(TypeError);
      expect(() => plusMs(zeroTimestamp, wrong as number)).toThrow(TypeError);
    }
    expect(() => timestampOf(firstMs, '0' as unknown as number)).toThrow(TypeError);
  });

  it('isTimestamp knows what a wire can carry and a timestamp cannot be', () => {
    for (const wrong of [-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '5', 5n, null, undefined]) {
      expect(isTimestamp(wrong)).toBe(false);
    }
  });
});
