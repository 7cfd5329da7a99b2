import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { UnderWay } from './under-way.js';

/** Few, and such that many share a place, also across the end of the table. */
const id = fc.oneof(
  fc.nat(40),
  fc.nat(40).map((low) => 0xffff_ffff - low),
  fc.nat(40).map((high) => high * 2 ** 22),
);

describe('what is under way', () => {
  it('is what a map of it would be', () => {
    const step = fc.record({ does: fc.constantFrom('add', 'add', 'delete', 'get'), id });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const table = new UnderWay<{ readonly id: number }>();
        const map = new Map<number, { readonly id: number }>();
        for (const { does, id } of steps) {
          if (does === 'add') {
            const entry = { id };
            expect(table.add(entry)).toBe(!map.has(id));
            if (!map.has(id)) map.set(id, entry);
          } else if (does === 'delete') expect(table.delete(id)).toBe(map.delete(id));
          expect(table.get(id)).toBe(map.get(id));
          expect(table.size).toBe(map.size);
        }
        for (const [id, entry] of map) expect(table.get(id)).toBe(entry);
        expect(new Set(table.all())).toEqual(new Set(map.values()));
        expect(new Set(table.takeAll())).toEqual(new Set(map.values()));
        expect(table.size).toBe(0);
      }),
    );
  });

  it('is thousands if need be', () => {
    const table = new UnderWay<{ readonly id: number }>();
    const ids = Array.from({ length: 20_000 }, (_, index) => Math.imul(index, 1_024) >>> 0);
    for (const id of ids) table.add({ id });
    for (const id of ids) expect(table.get(id)?.id).toBe(id);
    for (const id of ids) expect(table.delete(id)).toBe(true);
    expect(table.size).toBe(0);
  });
});
