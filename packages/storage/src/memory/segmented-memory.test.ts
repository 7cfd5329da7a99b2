import { describe, expect, it } from '@jest/globals';
import type { Timestamp } from '@kv/hlc';
import fc from 'fast-check';

import { encodeRecord } from '../record/encode-record.js';
import { readRecord, type RecordView } from '../record/record.js';
import type { LogPosition } from '../engine/engine.js';
import { Cleaner } from './cleaner.js';
import { ExpirySweep } from './expiry-sweep.js';
import { SegmentedMemory } from './segmented-memory.js';

const text = new TextEncoder();
const everything = Number.MAX_SAFE_INTEGER as LogPosition;

function record(
  key: string,
  order: number,
  { value = `value ${order}`, tombstone = false, expiresAtMs = 0, batchContinues = false } = {},
): Uint8Array {
  return encodeRecord({
    key: text.encode(key),
    value: tombstone ? new Uint8Array(0) : text.encode(value),
    version: { timestamp: order as Timestamp, node: 1 },
    tombstone,
    expiresAtMs,
    batchContinues,
  });
}

function take(memory: SegmentedMemory, bytes: Uint8Array): string {
  const { segment, start } = memory.stage(bytes);
  return memory.offer(segment, start).offer;
}

function valueOf(memory: SegmentedMemory, key: string): string | undefined {
  const location = memory.find(text.encode(key));
  return location === 0 ? undefined : Buffer.from(memory.viewAt(location).value).toString();
}

function allRecords(
  memory: SegmentedMemory,
  bufferBytes = 4096,
  between: () => void = () => undefined,
): RecordView[] {
  const records: RecordView[] = [];
  for (const cursor = memory.liveRecords(); !cursor.done;) {
    const into = new Uint8Array(bufferBytes);
    const { bytes, views } = cursor.next(into);
    for (let offset = 0; offset < bytes;) {
      const one = readRecord(into, offset);
      records.push(one);
      offset += one.bytes.length;
    }
    records.push(...views);
    between();
  }
  return records;
}

describe('segmented memory', () => {
  it('puts: the newest version wins, whatever the order of arrival', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: true });
    expect(take(memory, record('a', 2))).toBe('stored');
    expect(take(memory, record('a', 1))).toBe('newer');
    expect(take(memory, record('a', 2))).toBe('already');
    expect(take(memory, record('a', 3))).toBe('stored');
    expect(valueOf(memory, 'a')).toBe('value 3');
    expect([memory.keys, memory.tombstones, memory.newestTimestamp]).toEqual([1, 0, 3]);
  });

  it('writes what encodeRecord would', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 70 }),
        fc.uint8Array({ maxLength: 90 }),
        fc.nat({ max: 2 ** 31 }),
        fc.boolean(),
        (key, value, expiresAtMs, batchContinues) => {
          const memory = new SegmentedMemory({ partitions: 8, retainTombstones: false });
          const timestamp = 2 ** 40 + 12_345;
          memory.put(key, value, timestamp, expiresAtMs, batchContinues ? 8 : 0);
          const expected = encodeRecord({
            ...{ key, value, expiresAtMs, batchContinues },
            version: { timestamp: timestamp as Timestamp, node: 0 },
          });
          expect(memory.viewAt(memory.find(key)).bytes).toEqual(expected);
          expect(memory.takeAppended(1)).toMatchObject({ ranges: [expected], records: 1 });
        },
      ),
    );
  });

  it('refuses bytes that are not whole intact records, and takes nothing of them', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: true });
    const good = record('a', 1);
    const bad = record('b', 1);
    bad[34]! ^= 1;
    expect(() => memory.stage(Buffer.concat([good, bad]))).toThrow(
      expect.objectContaining({ code: 'corrupt' }),
    );
    expect(() => memory.stage(good.subarray(0, 20))).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect([memory.keys, memory.appended]).toEqual([0, 0]);
    expect(take(memory, good)).toBe('stored');
  });

  it('gives the log what was appended, in order, in ranges that need no copy, and never tears a batch', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: true });
    const written = [];
    for (let order = 1; order <= 300; order += 1) {
      const value = order % 50 === 0 ? 'x'.repeat(100_000) : 'y'.repeat(order);
      const bytes = record(`key ${order}`, order, { value, batchContinues: order % 3 !== 0 });
      written.push(bytes);
      take(memory, bytes);
    }
    const taken = [];
    let records = 0;
    while (memory.untakenBytes > 0) {
      const batch = memory.takeAppended(4096);
      expect(batch.ranges.reduce((sum, range) => sum + range.length, 0)).toBe(batch.bytes);
      expect(
        readRecord(batch.ranges.at(-1)!.subarray(lastRecordStart(batch.ranges.at(-1)!))).batchContinues,
      ).toBe(false);
      taken.push(...batch.ranges);
      records += batch.records;
    }
    expect(records).toBe(300);
    expect(Buffer.concat(taken).equals(Buffer.concat(written))).toBe(true);
    expect(memory.takeAppended(1)).toMatchObject({ bytes: 0, position: memory.appended });
  });

  it('gives the log each record once, however long what it came in was, and whatever was refused', () => {
    const lengths = fc.array(fc.array(fc.nat({ max: 40_000 }), { minLength: 1, maxLength: 9 }), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(lengths, fc.infiniteStream(fc.nat({ max: 6 })), (messages, randoms) => {
        const memory = new SegmentedMemory({ partitions: 8, retainTombstones: true });
        const expected: Uint8Array[] = [];
        const taken: Uint8Array[] = [];
        let order = 0;
        let durableUpTo = 0;
        const takeAll = () => {
          const { ranges, position } = memory.takeAppended(Infinity);
          taken.push(...ranges.map((range) => range.slice()));
          durableUpTo = position;
        };
        for (const message of messages) {
          const records = message.map((length) => {
            order += 1;
            // Some are not newer than what is here.
            const random = randoms.next().value as number;
            return record(random === 0 ? 'same' : `key ${order}`, random === 0 ? 1 : order, {
              value: 'x'.repeat(length),
            });
          });
          const { segment, start, end } = memory.stage(Buffer.concat(records));
          for (let offset = start, index = 0; offset < end; index += 1) {
            const next = offset + records[index]!.length;
            const before = memory.appended;
            if (memory.offer(segment, offset).offer === 'stored') {
              expected.push(records[index]!);
              const { key } = readRecord(records[index]!);
              expect(memory.positionAt(memory.find(key))).toBe(before + 1);
            }
            offset = next;
          }
          if (randoms.next().value === 1)
            memory.put(text.encode(`put ${order}`), new Uint8Array(10), order, 0, 0);
          else continue;
          expected.push(memory.viewAt(memory.find(text.encode(`put ${order}`))).bytes.slice());
          if (randoms.next().value < 3) takeAll();
          expect(durableUpTo).toBeLessThanOrEqual(memory.appended);
        }
        takeAll();
        expect(Buffer.concat(taken).equals(Buffer.concat(expected))).toBe(true);
        expect(durableUpTo).toBe(memory.appended);
        for (const { key } of allRecords(memory, 100_000)) {
          const position = memory.positionAt(memory.find(key));
          expect(position).toBeGreaterThan(0);
          expect(position).toBeLessThanOrEqual(memory.appended);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('knows of each record a position at which it is written', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: true });
    let before = 0;
    for (let order = 1; order <= 200; order += 1) {
      take(memory, record(`key ${order}`, order, { value: 'x'.repeat(order % 7 === 0 ? 60_000 : 10) }));
      const position = memory.positionAt(memory.find(text.encode(`key ${order}`)));
      expect(position).toBeGreaterThan(before);
      expect(position).toBeLessThanOrEqual(memory.appended);
      before = memory.appended;
      // Also after what came later.
      const first = memory.positionAt(memory.find(text.encode('key 1')));
      expect(first).toBeGreaterThan(0);
    }
  });

  it('stays within 1.4 times the live bytes under endless overwriting, and every view stays right', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: false });
    const cleaner = new Cleaner(memory);
    const keys = Array.from({ length: 5_000 }, (_, index) => text.encode(`key ${index}`));
    let order = 1;
    const put = (index: number) =>
      memory.put(keys[index]!, text.encode(`value ${order}`.padEnd(200)), (order += 1), 0, 0);
    keys.forEach((_, index) => put(index));
    const held = memory.viewAt(memory.find(keys[17]!));
    const bytesHeld = held.bytes.slice();
    let random = 1;
    for (let round = 0; round < 400; round += 1) {
      for (let write = 0; write < 500; write += 1) {
        random = (random * 48271) % 2147483647;
        put(random % keys.length);
      }
      memory.takeAppended(Infinity);
      cleaner.clean({ durableUpTo: memory.appended, nowMs: 0 });
      expect(memory.space.usedBytes).toBeLessThan(1.4 * memory.liveBytes + 200_000);
    }
    expect(held.bytes).toEqual(bytesHeld);
    expect(readRecord(held.bytes).bytes).toEqual(bytesHeld);
    expect(memory.keys).toBe(5_000);
  });

  it('uses the memory of what was cleaned again, but where somebody has a view of it', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: false });
    const cleaner = new Cleaner(memory);
    const seen = new Set<ArrayBufferLike>();
    const kept: { readonly view: RecordView; readonly bytes: Uint8Array }[] = [];
    const overwrite = (times: number, keeps: boolean) => {
      for (let write = 0; write < times; write += 1) {
        const key = text.encode(`key ${(order * 7) % 1_000}`);
        memory.put(key, text.encode(`value ${order}`.padEnd(100)), (order += 1), 0, 0);
        if (write % 100 !== 0) continue;
        if (keeps) kept.push(copied(memory.viewAt(memory.find(key))));
        memory.takeAppended(Infinity);
        while (cleaner.due && cleaner.clean({ durableUpTo: memory.appended, nowMs: 0 }));
        for (const segment of memory.space.segments)
          if (segment !== undefined) seen.add(segment.bytes.buffer);
      }
    };
    const copied = (view: RecordView) => ({ view, bytes: view.bytes.slice() });
    let order = 1;
    overwrite(100_000, false);
    expect(seen.size).toBeLessThan(30);
    seen.clear();
    overwrite(100_000, true);
    expect(seen.size).toBeGreaterThan(300);
    for (const { view, bytes } of kept) expect(view.bytes).toEqual(bytes);
  });

  it('leaves so little dead memory alone as it was told, and no more', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: false });
    const deadBytesMin = 1_000_000;
    const cleaner = new Cleaner(memory, { deadBytesMin });
    const dead = () => memory.space.usedBytes - memory.liveBytes;
    const overwrite = () => memory.put(text.encode('key'), text.encode('x'.repeat(200)), (order += 1), 0, 0);
    let order = 0;
    while (dead() < deadBytesMin) {
      expect(cleaner.due).toBe(false);
      overwrite();
    }
    overwrite();
    expect(cleaner.due).toBe(true);
    expect(cleaner.overdue).toBe(false);
    while (dead() < 2 * deadBytesMin) overwrite();
    expect(cleaner.overdue).toBe(true);
    while (cleaner.due && cleaner.clean({ durableUpTo: memory.appended, nowMs: 0 }));
    expect(dead()).toBeLessThanOrEqual(deadBytesMin);
    expect(dead()).toBeGreaterThan(deadBytesMin * 0.8);
  });

  it('leaves what the log has not written where it is', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: false });
    const cleaner = new Cleaner(memory);
    for (let order = 1; order < 5_000; order += 1)
      memory.put(text.encode('key'), text.encode('x'.repeat(200)), order, 0, 0);
    expect(cleaner.clean({ durableUpTo: 0 as LogPosition, nowMs: 0 })).toBe(false);
    const { bytes } = memory.takeAppended(Infinity);
    expect(bytes).toBe(memory.space.usedBytes);
    expect(cleaner.clean({ durableUpTo: memory.appended, nowMs: 0 })).toBe(true);
    expect(memory.space.usedBytes).toBeLessThan(bytes);
    expect(valueOf(memory, 'key')).toBe('x'.repeat(200));
  });

  it('forgets expired records when it is time, and only these', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: false });
    const sweep = new ExpirySweep(memory);
    for (let index = 0; index < 2_000; index += 1) {
      memory.put(
        text.encode(`key ${index}`),
        new Uint8Array(50),
        index + 1,
        index % 2 === 0 ? 1_000 + index : 0,
        0,
      );
    }
    expect(sweep.sweep(999)).toBe(false);
    while (sweep.sweep(2_000, 4096));
    expect(memory.keys).toBe(2_000 - 501);
    while (sweep.sweep(1e6, 4096));
    expect([memory.keys, valueOf(memory, 'key 1')]).toEqual([1_000, '\0'.repeat(50)]);
  });

  it('adopts what recovery read in place, gaps and all, and cleans it later', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: false });
    for (let file = 0; file < 20; file += 1) {
      const parts = Array.from({ length: 500 }, (_, index) =>
        record(`key ${index}`, file * 1000 + index + 1, { value: `${file} ${index}`.padEnd(150) }),
      );
      const segment = memory.reserve(parts.length * 256 + 64);
      let offset = 32;
      for (const [index, part] of parts.entries()) {
        segment.bytes.set(part, offset);
        expect(segment.verify(offset, offset + part.length)).toBe(part.length);
        expect(segment.verify(offset, offset + part.length - 8)).toBe(0);
        memory.adopt(segment, offset);
        offset += part.length + (index % 3 === 0 ? 32 : 0);
      }
      memory.seal(segment);
    }
    expect([memory.keys, memory.appended, memory.untakenBytes]).toEqual([500, 0, 0]);
    const cleaner = new Cleaner(memory);
    while (cleaner.clean({ durableUpTo: everything, nowMs: 0 }));
    expect(memory.space.usedBytes).toBeLessThan(1.4 * memory.liveBytes + 200_000);
    for (let index = 0; index < 500; index += 1)
      expect(valueOf(memory, `key ${index}`)?.trim()).toBe(`19 ${index}`);
    expect(memory.positionAt(memory.find(text.encode('key 3')))).toBe(0);
  });

  it('walks all records once, while keys come and go, tables grow and segments are cleaned', () => {
    const memory = new SegmentedMemory({ partitions: 4, retainTombstones: false });
    const cleaner = new Cleaner(memory);
    let order = 0;
    const put = (key: string) =>
      memory.put(text.encode(key), text.encode('x'.repeat(300)), (order += 1), 0, 0);
    for (let index = 0; index < 3_000; index += 1) put(`stays ${index}`);
    let step = 0;
    const walked = allRecords(memory, 10_000, () => {
      for (let index = 0; index < 200; index += 1) {
        put(`stays ${(step * 61 + index) % 3_000}`);
        put(`comes ${step} ${index}`);
        if (step > 0)
          memory.put(text.encode(`comes ${step - 1} ${index}`), new Uint8Array(0), (order += 1), 0, 1);
      }
      memory.takeAppended(Infinity);
      cleaner.clean({ durableUpTo: memory.appended, nowMs: 0 });
      step += 1;
    });
    const counts = new Map<string, number>();
    for (const { key } of walked) {
      const name = Buffer.from(key).toString();
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    expect(step).toBeGreaterThan(50);
    expect(Math.max(...counts.values())).toBe(1);
    for (let index = 0; index < 3_000; index += 1) expect(counts.get(`stays ${index}`)).toBe(1);
  });

  it('gives a record that is longer than the buffer as a view', () => {
    const memory = new SegmentedMemory({ partitions: 4, retainTombstones: true });
    take(memory, record('long', 1, { value: 'x'.repeat(5_000) }));
    take(memory, record('short', 1));
    expect(
      allRecords(memory, 128)
        .map(({ key }) => Buffer.from(key).toString())
        .sort(),
    ).toEqual(['long', 'short']);
  });

  it('keeps keys of one hash apart', () => {
    // XXH32 of 8 bytes that differ so that all steps cancel out is hard to find; the index alone is asked to hold many.
    const memory = new SegmentedMemory({ partitions: 1, retainTombstones: false });
    for (let index = 1; index <= 40; index += 1) memory.index.insert(-5, index);
    for (let index = 1; index <= 40; index += 1) expect(memory.entryOf(-5, index)).toBeDefined();
    const { table, slot } = memory.entryOf(-5, 17)!;
    memory.index.remove(table, slot);
    expect(memory.entryOf(-5, 17)).toBeUndefined();
    expect(memory.entryOf(-5, 18)).toBeDefined();
  });

  it('finds all keys of a partition of which the tables were split', () => {
    const memory = new SegmentedMemory({ partitions: 1, retainTombstones: false });
    const key = (number: number) => text.encode(`key ${number}`);
    for (let number = 0; number < 150_000; number += 1)
      memory.put(key(number), new Uint8Array(0), number + 1, 0, 0);
    for (let number = 0; number < 150_000; number += 3)
      memory.put(key(number), new Uint8Array(0), number + 150_001, 0, 1);
    expect([...memory.index.tablesFrom(0)].length).toBeGreaterThan(2);
    expect(memory.keys).toBe(100_000);
    for (let number = 0; number < 150_000; number += 1) {
      if ((memory.find(key(number)) === 0) !== (number % 3 === 0)) throw new Error(`key ${number}`);
    }
    expect(allRecords(memory, 1e6)).toHaveLength(100_000);
  });

  it('walks a table once while another like it was split already', () => {
    const memory = new SegmentedMemory({ partitions: 1, retainTombstones: false });
    const tables = () => [...memory.index.tablesFrom(0)].length;
    let keys = 0;
    while (tables() <= 4) {
      if (keys === 250_000) throw new Error(`${tables()} tables`);
      for (const end = keys + 100; keys < end; keys += 1) {
        memory.put(text.encode(`key ${keys}`), new Uint8Array(0), keys + 1, 0, 0);
      }
    }
    expect(tables()).toBeLessThan(8);
    expect(new Set(memory.index.tablesFrom(0)).size).toBe(tables());
    expect(allRecords(memory, 1e6)).toHaveLength(keys);
  });

  it('has equal digests for equal sets of records, in whatever order they came', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 1, max: 9 }), fc.boolean())),
        fc.infiniteStream(fc.nat()),
        (mutations, randoms) => {
          const one = new SegmentedMemory({ partitions: 2, retainTombstones: true });
          const other = new SegmentedMemory({ partitions: 2, retainTombstones: true });
          const records = mutations.map(([key, order, tombstone]) =>
            record(`key ${key}`, order, { tombstone }),
          );
          for (const each of records) take(one, each);
          for (const each of records.sort(() => (randoms.next().value % 3) - 1)) take(other, each);
          for (const partition of [0, 1])
            expect(one.digests?.of(partition)).toEqual(other.digests?.of(partition));
          take(other, record('another', 1));
          expect([0, 1].every((each) => equal(one.digests!.of(each), other.digests!.of(each)))).toBe(false);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('behaves as a Map does, through cleaning, expiry and walks', () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant('put' as const), key: fc.nat(60), bytes: fc.nat(3000) }),
      fc.record({ kind: fc.constant('delete' as const), key: fc.nat(60) }),
      fc.record({ kind: fc.constant('clean' as const), bytes: fc.nat(20_000) }),
      fc.record({ kind: fc.constant('take' as const), bytes: fc.nat(20_000) }),
      fc.record({ kind: fc.constant('walk' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
        const memory = new SegmentedMemory({ partitions: 4, retainTombstones: false });
        const cleaner = new Cleaner(memory);
        const oracle = new Map<string, string>();
        let durableUpTo = 0 as LogPosition;
        let order = 0;
        for (const each of steps) {
          order += 1;
          switch (each.kind) {
            case 'put': {
              const value = String(order).padEnd(each.bytes, '.');
              oracle.set(`key ${each.key}`, value);
              memory.put(text.encode(`key ${each.key}`), text.encode(value), order, 0, 0);
              break;
            }
            case 'delete':
              oracle.delete(`key ${each.key}`);
              memory.put(text.encode(`key ${each.key}`), new Uint8Array(0), order, 0, 1);
              break;
            case 'clean':
              cleaner.clean({ durableUpTo, nowMs: 0, bytesMax: each.bytes });
              break;
            case 'take':
              durableUpTo = memory.takeAppended(each.bytes).position;
              break;
            case 'walk':
              expect(new Set(allRecords(memory).map(({ key }) => Buffer.from(key).toString()))).toEqual(
                new Set(oracle.keys()),
              );
          }
        }
        expect(memory.keys).toBe(oracle.size);
        for (let key = 0; key <= 60; key += 1)
          expect(valueOf(memory, `key ${key}`)).toBe(oracle.get(`key ${key}`));
        const live = allRecords(memory).reduce((sum, { bytes }) => sum + bytes.length, 0);
        expect(memory.liveBytes).toBe(live);
      }),
      { numRuns: 60 },
    );
  });
});

function equal(a: Uint32Array, b: Uint32Array): boolean {
  return a.every((word, index) => word === b[index]);
}

function lastRecordStart(range: Uint8Array): number {
  let start = 0;
  for (;;) {
    const length = readRecord(range, start).bytes.length;
    if (start + length >= range.length) return start;
    start += length;
  }
}
