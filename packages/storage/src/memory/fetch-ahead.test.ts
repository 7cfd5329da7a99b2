import { describe, expect, it } from '@jest/globals';

import { encodeRecord } from '../record/encode-record.js';
import { fetchedAhead, FetchAhead } from './fetch-ahead.js';
import { HashIndex } from './hash-index.js';
import { SegmentedMemory } from './segmented-memory.js';

const record = (number: number): Uint8Array =>
  encodeRecord({
    key: Buffer.from(`${number}`),
    value: Buffer.from('value'),
    version: { timestamp: 4_000_000 + number, node: 1 } as never,
  });

const recordsOf = (count: number): Uint8Array =>
  new Uint8Array(Buffer.concat(Array.from({ length: count }, (_, number) => record(number))));

const wordsOf = (bytes: Uint8Array): Int32Array => new Int32Array(bytes.slice().buffer);

describe('fetching ahead', () => {
  it('goes from group to group, up to the end', () => {
    const memory = new SegmentedMemory({ partitions: 8, retainTombstones: true });
    const { segment, start, end } = memory.stage(recordsOf(fetchedAhead + 5));
    const length = record(0).length;
    const first = memory.ahead.forRecords(segment.words, start, end);
    expect(first).toBe(start + fetchedAhead * length);
    expect(memory.ahead.forRecords(segment.words, first, end)).toBe(end);
  });

  it('stops where no record can be, and always gets on', () => {
    const ahead = new FetchAhead(new HashIndex(4), [undefined]);
    const bytes = recordsOf(3);
    const length = record(0).length;
    for (const damaged of [0, 7, 0x7fff_fff8, -8]) {
      const words = wordsOf(bytes);
      words[(length >>> 2) + 1] = damaged;
      const end = ahead.forRecords(words, 0, bytes.length);
      expect(end).toBeGreaterThanOrEqual(length);
      expect(ahead.forRecords(words, length, bytes.length)).toBeGreaterThan(length);
    }
    expect(ahead.forRecords(wordsOf(bytes), 0, length - 1)).toBeGreaterThan(0);
  });
});
