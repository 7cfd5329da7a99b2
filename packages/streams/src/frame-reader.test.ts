import { describe, expect, it } from '@jest/globals';

import { encodeFramed, PartitionOwners } from '@kv/proto';

import { FrameReader, UnreadableFrame } from './frame-reader.js';

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

describe('a reader of frames', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 64, 16_384, 1_000_000])('finds them in pieces of %d bytes', (bytes) => {
    expect(readIn(bytes)).toEqual(messages);
  });

  it('refuses what is too large before it makes room, and what is compressed', () => {
    const reader = () => new FrameReader({ bytesMax: 10, onMessage: () => undefined });
    expect(() => reader().push(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]))).toThrow(/4294967295 bytes/);
    expect(() => reader().push(Buffer.from([0, 0, 0, 0, 10]))).not.toThrow();
    expect(() => reader().push(Buffer.from([0, 0, 0, 0, 11]))).toThrow(UnreadableFrame);
    expect(() => reader().push(Buffer.from([1, 0, 0, 0, 1, 9]))).toThrow(/compressed/);
  });
});
