import { describe, expect, it } from '@jest/globals';

import { encodeFramed, FrameReader } from './framing.js';
import { PartitionOwners } from './gen/kv/v1/cluster.js';

const lengths = [0, 1, 2, 5, 100, 127, 128, 70_000];
const messages = lengths.map((length) => ({ members: Array.from({ length }, (_, index) => index % 3) }));
const framed = messages.map((message) => encodeFramed(PartitionOwners, message));

function readIn(pieceBytes: number): PartitionOwners[] {
  const read: PartitionOwners[] = [];
  const reader = new FrameReader({
    bytesMax: 100_000,
    onMessage: (bytes) => void read.push(PartitionOwners.decode(bytes)),
  });
  const all = Buffer.concat(framed);
  for (let at = 0; at < all.length; at += pieceBytes) reader.push(all.subarray(at, at + pieceBytes));
  return read;
}

describe('framing', () => {
  it('puts the prefix of gRPC before the same bytes that a plain encoding has', () => {
    for (const [index, bytes] of framed.entries()) {
      const plain = PartitionOwners.encode(messages[index]!).finish();
      expect(bytes.subarray(0, 1)).toEqual(Buffer.from([0]));
      expect(bytes.readUInt32BE(1)).toBe(plain.length);
      expect(bytes.subarray(5).equals(plain)).toBe(true);
    }
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 64, 16_384, 1_000_000])('is read back from pieces of %d bytes', (bytes) => {
    expect(readIn(bytes)).toEqual(messages);
  });

  it('refuses what is too large before it makes room, and what is compressed', () => {
    const reader = () => new FrameReader({ bytesMax: 10, onMessage: () => undefined });
    expect(() => reader().push(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]))).toThrow(/4294967295 bytes/);
    expect(() => reader().push(Buffer.from([0, 0, 0, 0, 10]))).not.toThrow();
    expect(() => reader().push(Buffer.from([0, 0, 0, 0, 11]))).toThrow(RangeError);
    expect(() => reader().push(Buffer.from([1, 0, 0, 0, 1, 9]))).toThrow(/compressed/);
  });
});
