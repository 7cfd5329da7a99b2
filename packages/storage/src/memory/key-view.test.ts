import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import type { ScanOptions } from '../engine/engine.js';
import { compareBytes } from '../record/compare-bytes.js';
import { Cleaner } from './cleaner.js';
import { KeyArena } from './key-arena.js';
import { KeyOrders } from './key-orders.js';
import { KeyRange } from './key-range.js';
import { KeyView } from './key-view.js';
import { Moments } from './moments.js';
import { OrderedKeys } from './ordered-keys.js';
import { SegmentedMemory } from './segmented-memory.js';
import { sortKeys } from './sort-keys.js';

const bytes = fc.uint8Array({ maxLength: 4, max: 3 });
const latin1 = (key: Uint8Array) => Buffer.from(key).toString('latin1');
const unlatin1 = (name: string) => new Uint8Array(Buffer.from(name, 'latin1'));

const bound = fc.option(bytes, { nil: undefined });
const ranges = fc.record({
  ...{
    prefix: fc.option(fc.uint8Array({ maxLength: 2, max: 3 }), { nil: undefined }),
    from: bound,
    after: bound,
  },
  ...{ before: bound, through: bound, reverse: fc.boolean() },
});

function inRange(key: Uint8Array, { prefix, from, after, before, through }: ScanOptions): boolean {
  return (
    (prefix === undefined || compareBytes(key.subarray(0, prefix.length), prefix) === 0) &&
    (from === undefined || compareBytes(key, from) >= 0) &&
    (after === undefined || compareBytes(key, after) > 0) &&
    (before === undefined || compareBytes(key, before) < 0) &&
    (through === undefined || compareBytes(key, through) <= 0)
  );
}

function expected(oracle: ReadonlyMap<string, string>, range: ScanOptions): [string, string][] {
  const found = [...oracle].filter(([name]) => inRange(unlatin1(name), range));
  found.sort(([a], [b]) => (a < b ? -1 : 1));
  return range.reverse === true ? found.reverse() : found;
}

function read(view: KeyView, count: number): [string, string][] {
  return view.next(count).map(({ key, value }) => [latin1(key), latin1(value)]);
}

describe('sorting keys', () => {
  it('sorts as comparing bytes does', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(bytes, fc.uint8Array({ maxLength: 40 })), { maxLength: 300 }), (keys) => {
        const arena = new KeyArena();
        const refs = Uint32Array.from(keys, (key) => arena.add(key));
        sortKeys(arena, refs);
        expect(Array.from(refs, (ref) => latin1(arena.get(ref)))).toEqual(keys.map(latin1).sort());
      }),
    );
  });

  it('needs no deeper a stack for long keys that have much in common', () => {
    const arena = new KeyArena();
    const refs = Uint32Array.from({ length: 300 }, (_, index) =>
      arena.add(new Uint8Array(60_000 - index).fill(1)),
    );
    sortKeys(arena, refs);
    expect(Array.from(refs, (ref) => arena.lengthOf(ref))).toEqual(
      Array.from({ length: 300 }, (_, index) => 60_000 - 299 + index),
    );
  });
});

describe('ordered keys', () => {
  it('hold what a sorted set holds', () => {
    const steps = fc.array(fc.tuple(fc.boolean(), fc.nat(1500)), { maxLength: 3000, size: 'max' });
    fc.assert(
      fc.property(steps, fc.nat(1500), fc.boolean(), (changes, start, after) => {
        const list = new OrderedKeys();
        const oracle = new Set<number>();
        for (const [insert, number] of changes) {
          if (insert) oracle.add(number);
          else oracle.delete(number);
          if (insert) list.insert(keyOf(number));
          else list.delete(keyOf(number));
        }
        const sorted = [...oracle].sort((a, b) => a - b);
        expect(list.size).toBe(sorted.length);
        expect(Array.from(list.from(undefined, { after }), numberOf)).toEqual(sorted);
        expect(Array.from(list.downFrom(undefined, { after }), numberOf)).toEqual([...sorted].reverse());
        expect(Array.from(list.from(keyOf(start), { after }), numberOf)).toEqual(
          sorted.filter((each) => (after ? each > start : each >= start)),
        );
        expect(Array.from(list.downFrom(keyOf(start), { after }), numberOf)).toEqual(
          sorted.filter((each) => (after ? each < start : each <= start)).reverse(),
        );
      }),
      { numRuns: 30 },
    );
  });
});

describe('a view', () => {
  it('shows what was there when it was made, through whatever happens while it is read', () => {
    const change = fc.oneof(
      { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), key: bytes }) },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete' as const), key: bytes }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('view' as const), range: ranges }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant('next' as const),
          view: fc.nat(3),
          count: fc.integer({ min: 1, max: 9 }),
        }),
      },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('prepare' as const) }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('clean' as const) }) },
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 300, size: 'max' }), (changes) => {
        const memory = new SegmentedMemory({ partitions: 4, retainTombstones: false });
        const cleaner = new Cleaner(memory);
        const orders = new KeyOrders(memory);
        const moments = new Moments(memory);
        const viewOf = (range: ScanOptions) =>
          new KeyView(moments.now(), () => orders.whole(), new KeyRange(range));
        const oracle = new Map<string, string>();
        const open: { view: KeyView; left: [string, string][] }[] = [];
        let order = 0;
        for (const each of changes) {
          order += 1;
          switch (each.kind) {
            case 'put':
              oracle.set(latin1(each.key), String(order).padEnd(4000));
              memory.put(each.key, unlatin1(String(order).padEnd(4000)), order, 0, 0);
              break;
            case 'delete':
              oracle.delete(latin1(each.key));
              memory.put(each.key, new Uint8Array(0), order, 0, 1);
              break;
            case 'view':
              open.push({ view: viewOf(each.range), left: expected(oracle, each.range) });
              break;
            case 'next': {
              const one = open[each.view];
              if (one === undefined) break;
              const records = read(one.view, each.count);
              expect(records).toEqual(one.left.splice(0, records.length));
              break;
            }
            case 'prepare':
              orders.whole().prepare();
              break;
            case 'clean':
              memory.takeAppended(Infinity);
              cleaner.clean({ durableUpTo: memory.appended, nowMs: 0 });
          }
        }
        for (const { view, left } of open) {
          const rest = [];
          while (!view.done) rest.push(...read(view, 7));
          expect(rest).toEqual(left);
        }
        const now = viewOf({});
        const all = [];
        while (!now.done) all.push(...read(now, 100));
        expect(all).toEqual(expected(oracle, {}));
        // All were read to their ends, or closed.
        expect(moments.bytes).toBe(0);
      }),
      { numRuns: 150 },
    );
  });

  it('is ordered over many keys, made in slices beside writes', () => {
    const memory = new SegmentedMemory({ partitions: 4, retainTombstones: false });
    const orders = new KeyOrders(memory);
    let order = 0;
    const put = (number: number) => {
      memory.put(keyOf(number), new Uint8Array(8), (order += 1), 0, 0);
    };
    for (let number = 0; number < 30_000; number += 1) put((number * 7919) % 30_000);
    const view = new KeyView(new Moments(memory).now(), () => orders.whole(), new KeyRange({}));
    let slices = 0;
    for (; !view.prepare(); slices += 1) put(40_000 + slices);
    expect(slices).toBeGreaterThan(10);
    const found: number[] = [];
    while (!view.done) found.push(...view.next(1000).map(({ key }) => numberOf(key)));
    expect(found).toEqual(Array.from({ length: 30_000 }, (_, index) => index));
    expect(Array.from(orders.whole().keys().from(undefined, { after: false }))).toHaveLength(30_000 + slices);
  });

  it('of a partition has the keys of that partition', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: true });
    const orders = new KeyOrders(memory);
    for (let number = 0; number < 500; number += 1)
      memory.put(keyOf(number), new Uint8Array(8), number + 1, 0, 0);
    const lists = Array.from({ length: 8 }, (_, each) => orders.ofPartition(each).keys());
    for (let number = 500; number < 1_000; number += 1)
      memory.put(keyOf(number), new Uint8Array(8), number + 1, 0, 0);
    const all = lists.flatMap((list) => Array.from(list.from(undefined, { after: false }), numberOf));
    expect(lists.every(({ size }) => size > 50)).toBe(true);
    expect(all.sort((a, b) => a - b)).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  });

  it('an order that nobody uses is given up', () => {
    const memory = new SegmentedMemory({ partitions: 1, retainTombstones: false });
    const orders = new KeyOrders(memory);
    orders.whole().keys();
    for (let number = 0; number < 25_000; number += 1) {
      memory.put(keyOf(number), new Uint8Array(0), 2 * number + 1, 0, 0);
      memory.put(keyOf(number), new Uint8Array(0), 2 * number + 2, 0, 1);
    }
    expect(orders.bytes).toBe(0);
  });
});

function keyOf(number: number): Uint8Array {
  return unlatin1(`key ${String(number).padStart(6, '0')}`);
}

function numberOf(key: Uint8Array): number {
  return Number(latin1(key).slice(4));
}
