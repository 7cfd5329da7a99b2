import { readU32 } from '../record/little-endian.js';
import { checksumOffset, keyHashOffset, timestampOffset } from '../record/record-layout.js';

/** Parts of a partition's digest: enough to tell which sixteenth of a partition differs. */
export const digestBuckets = 16;

const wordsPerBucket = 2;

const { imul } = Math;

/** The digest of no records. */
export function emptyDigest(): Uint32Array {
  return new Uint32Array(digestBuckets * wordsPerBucket);
}

/**
 * Adds a record, given as its bytes from `offset` on. Sums do not care for order, so a record that is replaced is taken
 * away again (`removeFromDigest`), whatever came between. The words are sums of the record's checksum, and of another mix
 * of what the checksum covers: both must collide for two different sets to look alike.
 */
export function addToDigest(digest: Uint32Array, bytes: Uint8Array, offset = 0): void {
  const word = wordOf(readU32(bytes, offset + keyHashOffset));
  digest[word]! += readU32(bytes, offset + checksumOffset);
  digest[word + 1]! += mixOf(bytes, offset);
}

export function removeFromDigest(digest: Uint32Array, bytes: Uint8Array, offset = 0): void {
  const word = wordOf(readU32(bytes, offset + keyHashOffset));
  digest[word]! -= readU32(bytes, offset + checksumOffset);
  digest[word + 1]! -= mixOf(bytes, offset);
}

/** The hash's low bits: its top ones are the partition. */
function wordOf(keyHash: number): number {
  return (keyHash % digestBuckets) * wordsPerBucket;
}

function mixOf(bytes: Uint8Array, offset: number): number {
  let mix =
    readU32(bytes, offset + checksumOffset) ^ imul(readU32(bytes, offset + keyHashOffset), 0x9e3779b1);
  mix = imul(mix ^ (mix >>> 15), 0x85ebca77) ^ readU32(bytes, offset + timestampOffset);
  mix = imul(mix ^ (mix >>> 13), 0xc2b2ae3d);
  return mix ^ (mix >>> 16);
}
