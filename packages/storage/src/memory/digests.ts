import { checksumWord, keyHashWord, timestampLowWord } from './record-words.js';

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
  /** The same memory. */
  readonly #unsigned: Uint32Array;
  readonly #partitionShift: number;

  constructor(partitions: number) {
    this.#sums = new Int32Array(partitions * wordsEach);
    this.#unsigned = new Uint32Array(this.#sums.buffer);
    this.#partitionShift = Math.clz32(partitions) + 1;
  }

  get bytes(): number {
    return this.#sums.byteLength;
  }

  /** @param sign -1 takes the record out again */
  add(words: Int32Array, record: number, sign: 1 | -1): void {
    const checksum = words[record + checksumWord]!;
    const keyHash = words[record + keyHashWord]!;
    const place = this.#placeOf(keyHash);
    let mix = checksum ^ imul(keyHash, 0x9e3779b1);
    mix = imul(mix ^ (mix >>> 15), 0x85ebca77) ^ words[record + timestampLowWord]!;
    mix = imul(mix ^ (mix >>> 13), 0xc2b2ae3d);
    this.#sums[place] = (this.#sums[place]! + sign * checksum) | 0;
    this.#sums[place + 1] = (this.#sums[place + 1]! + sign * (mix ^ (mix >>> 16))) | 0;
  }

  /** Has what `add` will change for a key loaded. @returns anything */
  touch(keyHash: number): number {
    return this.#sums[this.#placeOf(keyHash)]!;
  }

  #placeOf(keyHash: number): number {
    // A shift by 32, for one partition, is one by 0.
    const partition = this.#partitionShift === 32 ? 0 : keyHash >>> this.#partitionShift;
    return partition * wordsEach + 2 * (keyHash & (digestBuckets - 1));
  }

  /** A copy: two unsigned words a bucket. */
  of(partition: number): Uint32Array {
    return this.#unsigned.slice(partition * wordsEach, (partition + 1) * wordsEach);
  }
}
