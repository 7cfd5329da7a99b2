import type { KeyWords } from './key-words.js';

/**
 * Keys as they were laid out in words, one after the other, so that what goes over many keys more than once (to look whether
 * it may, to fetch ahead, to do it) encodes and hashes each once. Used again and again; makes no object for a key.
 */
export class KeyList {
  #words: Int32Array = new Int32Array(wordsMin);
  /** Of each key three: where it begins, its bytes, its hash. */
  #entries: Int32Array = new Int32Array(3 * keysMin);
  #count = 0;
  #used = 0;

  /** Also gives memory back, if there were many. */
  clear(): void {
    this.#count = 0;
    this.#used = 0;
    if (this.#words.length > wordsKept) this.#words = new Int32Array(wordsMin);
    if (this.#entries.length > wordsKept) this.#entries = new Int32Array(3 * keysMin);
  }

  add(key: KeyWords): void {
    const words = wordsOf(key.bytes);
    if (this.#used + words > this.#words.length) this.#words = enlarged(this.#words, this.#used + words);
    const entry = 3 * this.#count;
    if (entry >= this.#entries.length) this.#entries = enlarged(this.#entries, entry + 3);
    for (let word = 0; word < words; word += 1) this.#words[this.#used + word] = key.words[word]!;
    this.#entries[entry] = this.#used;
    this.#entries[entry + 1] = key.bytes;
    this.#entries[entry + 2] = key.hash;
    this.#count += 1;
    this.#used += words;
  }

  bytesOf(index: number): number {
    return this.#entries[3 * index + 1]!;
  }

  hashOf(index: number): number {
    return this.#entries[3 * index + 2]!;
  }

  /** Lays the key out again where it came from: there is room for it. */
  restore(index: number, into: KeyWords): void {
    const start = this.#entries[3 * index]!;
    into.bytes = this.bytesOf(index);
    into.hash = this.hashOf(index);
    const words = wordsOf(into.bytes);
    for (let word = 0; word < words; word += 1) into.words[word] = this.#words[start + word]!;
  }
}

function wordsOf(bytes: number): number {
  return (bytes + 3) >>> 2;
}

function enlarged(array: Int32Array, length: number): Int32Array {
  const larger = new Int32Array(Math.max(2 * array.length, length));
  larger.set(array);
  return larger;
}

const keysMin = 64;
const wordsMin = 256;

/** What some thousand keys of usual length take. */
const wordsKept = 64 * 1024;
