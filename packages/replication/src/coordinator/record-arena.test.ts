import { describe, expect, it } from '@jest/globals';
import { timestampOf } from '@kv/hlc';
import { encodeRecord } from '@kv/storage';

import { RecordArena } from './record-arena.js';

const fields = (number: number, valueBytes = number % 300) => ({
  key: Buffer.from(`key-${number}`),
  value: Buffer.alloc(valueBytes, number),
  version: { timestamp: timestampOf(Date.UTC(2026, 0, 1) + number), node: 65_537 },
  expiresAtMs: number % 3 === 0 ? 1_000 + number : 0,
});

describe('a record arena', () => {
  it('encodes as records of their own are encoded, and writes over none', () => {
    const arena = new RecordArena();
    const numbers = Array.from({ length: 2_000 }, (_, number) => number);
    const records = numbers.map((number) => arena.encode(fields(number)));
    for (const number of numbers) {
      expect(Buffer.compare(records[number]!, encodeRecord(fields(number)))).toBe(0);
    }
  });

  it('lays records beside each other, a large one apart', () => {
    const arena = new RecordArena();
    const [first, large, second] = [
      arena.encode(fields(1)),
      arena.encode(fields(2, 20_000)),
      arena.encode(fields(3)),
    ];
    expect(second.buffer).toBe(first.buffer);
    expect(second.byteOffset).toBe(first.byteOffset + first.length);
    expect(large.buffer).not.toBe(first.buffer);
  });

  it('refuses what the format cannot carry', () => {
    const key = Buffer.alloc(70_000);
    expect(() => new RecordArena().encode({ ...fields(1), key })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });
});
