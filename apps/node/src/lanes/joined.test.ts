import { describe, expect, it } from '@jest/globals';

import { joined } from './joined.js';

const slab = Uint8Array.from({ length: 64 }, (_, index) => index);
const part = (from: number, to: number) => slab.subarray(from, to);

describe('joined records', () => {
  it('that lie beside each other are a view of them', () => {
    const whole = joined([part(8, 16), part(16, 40)]);
    expect(whole.buffer).toBe(slab.buffer);
    expect([...whole]).toEqual([...part(8, 40)]);
  });

  it.each([
    ['with a gap between', [part(0, 8), part(16, 24)]],
    ['in another order', [part(8, 16), part(0, 8)]],
    ['of different memory', [part(0, 8), Uint8Array.of(7, 7)]],
  ])('%s are copied', (_what, records) => {
    const whole = joined(records);
    expect(whole.buffer).not.toBe(slab.buffer);
    expect([...whole]).toEqual(records.flatMap((record) => [...record]));
  });

  it('none are no bytes', () => {
    expect(joined([])).toHaveLength(0);
  });
});
