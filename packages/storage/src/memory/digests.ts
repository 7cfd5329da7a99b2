import { checksumWord, keyHashWord, nodeWord, timestampLowWord } from './record-words.js';

const { imul } = Math;

/** Buckets of a partition's digest, by the lowest bits of the key's hash. */
export const digestBuckets = 16;

const wordsEach = 2 * digestBuckets;

/**
 * Per partition and bucket the sum of the records' hashes, 64 bits in two words: the same set of records has the same sums,
 * in whatever order they came. A record's hash is its checksum, which covers all of it, and a second mix that does not
 * follow from the checksum, so that the sums of two sets are the same by chance once in 2^64.
 */
export class Digests {
  readonly #sums: Int32Array;
  readonly #partitionShift: number;

  constructor(partitions: number) {
    this.#sums = new Int32Array(partitions * wordsEach);
    this.#partitionShift = Math.clz32(partitions) + 1;
  }

  get bytes(): number {
    return this.#sums.byteLength;
  }

  /** @param sign -1 takes the record out again */
  add(words: Int32Array, record: number, sign: 1 | -1): void {
    const checksum = words[record + checksumWord]!;
    const keyHash = words[record + keyHashWord]!;
    // A shift by 32, for one partition, is one by 0.
    const partition = this.#partitionShift === 32 ? 0 : keyHash >>> this.#partitionShift;
    const place = partition * wordsEach + 2 * (keyHash & (digestBuckets - 1));
    const other =
      imul(keyHash ^ 0x2c1b3c6d, 0x297a2d39) + imul(words[record + timestampLowWord]!, 0x5bd1e995);
    const mixed = imul((other ^ (other >>> 15)) + words[record + nodeWord]! + checksum, 0x85ebca6b);
    this.#sums[place] = (this.#sums[place]! + sign * checksum) | 0;
    this.#sums[place + 1] = (this.#sums[place + 1]! + sign * (mixed ^ (mixed >>> 16))) | 0;
  }

  /** A copy: two unsigned words a bucket. */
  of(partition: number): Uint32Array {
    return new Uint32Array(this.#sums.subarray(partition * wordsEach, (partition + 1) * wordsEach));
  }
}
