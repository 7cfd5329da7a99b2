import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runInNewContext } from 'node:vm';

import {
  format,
  fromDate,
  maxTimestamp,
  parse,
  timestampOf,
  toDate,
  zeroTimestamp,
  type Timestamp,
} from './index.js';

const anyTimestamp = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }).map((n) => n as Timestamp);
const invalid = expect.objectContaining({ code: 'invalid-argument' });

describe('timestamp text', () => {
  it('reads as a date with a counter', () => {
    expect(format(timestampOf(Date.UTC(2026, 10, 22, 9, 30, 0, 125), 42))).toBe(
      '2026-11-22T09:30:00.125Z.0042',
    );
    expect(format(zeroTimestamp)).toBe('2020-01-01T00:00:00.000Z.0000');
    expect(format(maxTimestamp)).toBe('2089-09-06T15:47:35.551Z.4095');
  });

  it('parse(format(t)) is t', () => {
    fc.assert(fc.property(anyTimestamp, (t) => expect(parse(format(t))).toBe(t)));
  });

  it('texts sort as their timestamps do', () => {
    // Neighbours too: independent draws almost never share a millisecond.
    const pair = fc
      .tuple(anyTimestamp, fc.oneof(anyTimestamp, fc.integer({ min: -5000, max: 5000 })))
      .map(([a, b]) => [a, Math.abs(b) <= 5000 ? Math.min(Math.max(0, a + b), maxTimestamp) : b]);
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const [textA, textB] = [format(a as Timestamp), format(b as Timestamp)];
        expect(textA < textB).toBe(a! < b!);
        expect(textA === textB).toBe(a === b);
      }),
    );
  });

  it('parse refuses everything else', () => {
    const wrong = [
      '',
      'now',
      '2026-11-22T09:30:00.125Z',
      '2026-11-22T09:30:00.125Z.42',
      '2026-11-22T09:30:00.125Z.4096',
      '2026-11-22T09:30:00.125Z.00042',
      ' 2026-11-22T09:30:00.125Z.0042',
      '2026-11-22T09:30:00.125Z.0042\n',
      '2026-02-30T09:30:00.125Z.0042',
      '2026-13-01T09:30:00.125Z.0042',
      '2026-11-22T24:00:00.000Z.0000',
      '2019-12-31T23:59:59.999Z.4095',
      '2089-09-06T15:47:35.552Z.0000',
      '2026-11-22T09:30:00.125+00:00.0042',
      '٢٠٢٦-11-22T09:30:00.125Z.0042',
    ];
    for (const text of wrong) expect(() => parse(text)).toThrow(invalid);
    expect(() => parse('x'.repeat(1_000_000))).toThrow(/got "x{40}\.\.\."$/);
    for (const text of [5, null, undefined, {}]) expect(() => parse(text as string)).toThrow(TypeError);
  });

  it('whatever parse accepts is what format writes', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^20[2-9]\d-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d\.\d{3}Z\.[0-4]\d{3}$/),
        (text) => {
          let timestamp: Timestamp;
          try {
            timestamp = parse(text);
          } catch {
            return;
          }
          expect(format(timestamp)).toBe(text);
        },
      ),
    );
  });

  it('dates go both ways to the millisecond', () => {
    fc.assert(
      fc.property(anyTimestamp, (t) => {
        expect(fromDate(toDate(t))).toBe(t - (t % 4096));
      }),
    );
  });

  it('fromDate takes a Date of another realm, and nothing that is no date', () => {
    expect(fromDate(runInNewContext('new Date(1700000000000)') as Date)).toBe(timestampOf(1_700_000_000_000));
    expect(() => fromDate(new Date(Number.NaN))).toThrow(invalid);
    expect(() => fromDate(new Date(0))).toThrow(invalid);
    for (const wrong of [1_700_000_000_000, '2026-11-22', null]) {
      expect(() => fromDate(wrong as unknown as Date)).toThrow(TypeError);
    }
  });

  it('format and toDate refuse what is no timestamp', () => {
    expect(() => format(0.5 as Timestamp)).toThrow(invalid);
    expect(() => toDate(-1 as Timestamp)).toThrow(invalid);
    expect(() => format('5' as unknown as Timestamp)).toThrow(TypeError);
  });
});
