import { describe, expect, it } from '@jest/globals';
import { timestampOf, type Version } from '@kv/hlc';
import fc from 'fast-check';

import { encodeRecord, type RecordFields } from './encode-record.js';
import { writeU32 } from './little-endian.js';
import {
  compareRecords,
  copyRecord,
  hashKey,
  isExpired,
  partitionOfHash,
  readRecord,
  readRecords,
} from './record.js';
import { flagsOffset, formatOffset, totalLengthOffset } from './record-layout.js';
import { xxh32 } from './xxh32.js';

const text = new TextEncoder();
const version: Version = { timestamp: timestampOf(1_750_000_000_000, 7), node: 0x0003_0001 };
const fields: RecordFields = { key: text.encode('key'), value: text.encode('value'), version };

const anyFields = fc
  .record({
    key: fc.uint8Array({ maxLength: 40 }),
    value: fc.uint8Array({ maxLength: 200 }),
    milliseconds: fc.integer({ min: 1_600_000_000_000, max: 2_000_000_000_000 }),
    node: fc.integer({ min: 0, max: 0xffff_ffff }),
    tombstone: fc.boolean(),
    expiresAtMs: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    operationId: fc.option(fc.uint8Array({ minLength: 16, maxLength: 16 }), { nil: undefined }),
    batchContinues: fc.boolean(),
  })
  .map(({ milliseconds, node, ...rest }) => ({
    ...rest,
    version: { timestamp: timestampOf(milliseconds), node },
    ...(rest.tombstone ? { value: new Uint8Array(0), expiresAtMs: 0 } : {}),
  }));

/** Puts the right checksum on changed bytes, so that only the change itself can be refused. */
function resealed(record: Uint8Array): Uint8Array {
  writeU32(record, 0, xxh32(record, totalLengthOffset));
  return record;
}

describe('record', () => {
  it('reads back what was encoded, wherever it lies', () => {
    fc.assert(
      fc.property(anyFields, fc.integer({ min: 0, max: 9 }), (given, offset) => {
        const encoded = encodeRecord(given);
        expect(encoded.length % 8).toBe(0);
        const around = new Uint8Array(offset + encoded.length + 5);
        around.set(encoded, offset);
        const record = readRecord(around, offset);
        expect(record.bytes).toEqual(encoded);
        const { key, value, tombstone, expiresAtMs, operationId, batchContinues, keyHash } = record;
        expect({
          key,
          value,
          version: record.version,
          tombstone,
          expiresAtMs,
          operationId,
          batchContinues,
        }).toEqual(given);
        expect(keyHash).toBe(hashKey(given.key));
      }),
    );
  });

  it('has the layout that the format promises', () => {
    const hex = Buffer.from(
      encodeRecord({ ...fields, expiresAtMs: 0x0102_0304, operationId: new Uint8Array(16).fill(0xab) }),
    ).toString('hex');
    const expected = [
      '40000000', // total length
      Buffer.from(BigUint64Array.of(BigInt(version.timestamp)).buffer).toString('hex'),
      '01000300', // node
      '01', // format version
      '06', // expiry, operation id
      '0300', // key length
      '05000000', // value length
      Buffer.from(Uint32Array.of(hashKey(fields.key)).buffer).toString('hex'),
      '0403020100000000', // expiry
      'ab'.repeat(16),
      Buffer.from('keyvalue').toString('hex'),
    ].join('');
    expect(hex.slice(8)).toBe(expected);
  });

  it('refuses every record with one bit flipped', () => {
    const encoded = encodeRecord({ ...fields, expiresAtMs: 5, operationId: new Uint8Array(16) });
    for (let bit = 0; bit < encoded.length * 8; bit += 1) {
      const flipped = encoded.slice();
      flipped[bit >>> 3]! ^= 1 << (bit & 7);
      expect(() => readRecord(flipped)).toThrow(expect.objectContaining({ code: 'corrupt' }));
    }
  });

  it('refuses every record that is cut short', () => {
    const encoded = encodeRecord(fields);
    for (let length = 0; length < encoded.length; length += 1) {
      expect(() => readRecord(encoded.subarray(0, length))).toThrow(
        expect.objectContaining({ code: 'corrupt' }),
      );
    }
    expect(() => readRecord(encoded, 8)).toThrow(expect.objectContaining({ code: 'corrupt' }));
    expect(() => readRecord(encoded, -1)).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  it.each([
    ['an unknown flag', flagsOffset, 16],
    ['another format version', formatOffset, 2],
    ['a timestamp beyond 2^53', 15, 0xff],
    ['another key hash', 28, 1],
    ['padding that is not zero', 38, 1],
  ])('refuses %s, though the checksum is right', (_, offset, value) => {
    const encoded = encodeRecord({ ...fields, value: new Uint8Array(0) });
    encoded[offset] = value;
    expect(() => readRecord(resealed(encoded))).toThrow(expect.objectContaining({ code: 'corrupt' }));
  });

  it('refuses a tombstone with a value', () => {
    const encoded = encodeRecord(fields);
    encoded[flagsOffset] = 1;
    expect(() => readRecord(resealed(encoded))).toThrow(/tombstone/);
  });

  it('boundary conditions: empty key and value, the longest key', () => {
    const empty = readRecord(encodeRecord({ ...fields, key: new Uint8Array(0), value: new Uint8Array(0) }));
    expect([empty.bytes.length, empty.key.length, empty.value.length]).toEqual([32, 0, 0]);
    const longest = readRecord(encodeRecord({ ...fields, key: new Uint8Array(65_535).fill(1) }));
    expect(longest.key.length).toBe(65_535);
  });

  it.each<[string, Partial<RecordFields>]>([
    ['a key too long', { key: new Uint8Array(65_536) }],
    ['a fractional expiry', { expiresAtMs: 1.5 }],
    ['a negative expiry', { expiresAtMs: -1 }],
    ['an unsafe timestamp', { version: { timestamp: (2 ** 60) as Version['timestamp'], node: 0 } }],
    ['a node beyond 32 bits', { version: { ...version, node: 2 ** 32 } }],
    ['a short operation id', { operationId: new Uint8Array(15) }],
    ['a tombstone with a value', { tombstone: true }],
  ])('does not encode %s', (_, change) => {
    expect(() => encodeRecord({ ...fields, ...change })).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
  });

  it('reads records laid end to end, and refuses what is left over', () => {
    const one = encodeRecord(fields);
    const two = encodeRecord({ ...fields, key: text.encode('other') });
    expect(readRecords(new Uint8Array(0))).toEqual([]);
    expect(readRecords(Buffer.concat([one, two])).map((record) => record.bytes)).toEqual([one, two]);
    expect(() => readRecords(Buffer.concat([one, two, Buffer.from([0])]))).toThrow(/cut short/);
  });

  it('timestamp ordering: by timestamp, then node, then the larger bytes', () => {
    const at = (timestamp: number, node: number, value: string) =>
      readRecord(
        encodeRecord({
          ...fields,
          value: text.encode(value),
          version: { timestamp: timestamp as Version['timestamp'], node },
        }),
      );
    expect(compareRecords(at(2, 1, 'a'), at(1, 9, 'z'))).toBeGreaterThan(0);
    expect(compareRecords(at(1, 1, 'z'), at(1, 2, 'a'))).toBeLessThan(0);
    expect(compareRecords(at(1, 1, 'a'), at(1, 1, 'a'))).toBe(0);
    const [a, b] = [at(1, 1, 'a'), at(1, 1, 'b')];
    expect(Math.sign(compareRecords(a, b))).toBe(-Math.sign(compareRecords(b, a)));
    expect(compareRecords(a, b)).not.toBe(0);
  });

  it('TTL: expires at its expiry, not before, and never without one', () => {
    const record = readRecord(encodeRecord({ ...fields, expiresAtMs: 1_000 }));
    expect([isExpired(record, 999), isExpired(record, 1_000)]).toEqual([false, true]);
    expect(isExpired(readRecord(encodeRecord(fields)), Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('copies into memory of its own', () => {
    const message = Buffer.concat([Buffer.alloc(8), encodeRecord(fields)]);
    const copy = copyRecord(readRecord(message, 8));
    message.fill(0);
    expect(Buffer.from(copy.value).toString()).toBe('value');
    expect(copy.bytes.buffer.byteLength).toBe(copy.bytes.length);
  });

  it('takes the partition from the top bits of the hash', () => {
    expect(partitionOfHash(0xffff_ffff, 1)).toBe(0);
    expect(partitionOfHash(0xffff_ffff, 1024)).toBe(1023);
    expect(partitionOfHash(0x8000_0000, 2)).toBe(1);
    expect(partitionOfHash(0x0040_0000, 1024)).toBe(1);
    expect(partitionOfHash(0xffff_ffff, 65_536)).toBe(65_535);
  });
});
