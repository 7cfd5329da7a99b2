import {
  type BatchHeader,
  batchHeaderBytes,
  type FileHeader,
  fileHeaderBytes,
  readBatchHeader,
  readFileHeader,
} from '../log/frame.js';

/**
 * A header is small, so one flipped bit in it is found by flipping each back: with the right one, checksum and content agree
 * again. What lies behind it can then be read; that it was damaged is told all the same.
 *
 * @param expected the sequence that the batch must have, if that is known
 */
export function mendBatchHeader(
  bytes: Uint8Array,
  offset: number,
  expected: number | undefined,
): BatchHeader | undefined {
  return withOneBitFlipped(bytes, { offset, length: batchHeaderBytes }, (copy) => {
    const header = readBatchHeader(copy);
    return expected === undefined || header?.sequence === expected ? header : undefined;
  });
}

export function mendFileHeader(bytes: Uint8Array, offset: number): FileHeader | undefined {
  return withOneBitFlipped(bytes, { offset, length: fileHeaderBytes }, (copy) => {
    const header = readFileHeader(copy);
    return typeof header === 'number' ? undefined : header;
  });
}

function withOneBitFlipped<Header>(
  bytes: Uint8Array,
  { offset, length }: { readonly offset: number; readonly length: number },
  read: (copy: Uint8Array) => Header | undefined,
): Header | undefined {
  const copy = bytes.slice(offset, offset + length);
  for (let bit = 0; bit < length * 8; bit += 1) {
    copy[bit >>> 3]! ^= 1 << (bit & 7);
    const header = read(copy);
    if (header !== undefined) return header;
    copy[bit >>> 3]! ^= 1 << (bit & 7);
  }
  return undefined;
}
