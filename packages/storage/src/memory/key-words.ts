import { xxh32Words } from './xxh32-words.js';

/** A key that somebody gave, laid out in words: to be hashed, compared and written faster than from bytes. */
export class KeyWords {
  /** The bytes behind the key, up to the next word, are zeros. */
  words = new Int32Array(64);
  bytes = 0;
  /** XXH32, seed 0, as a signed integer. */
  hash = 0;

  /** @param key at most 65,535 bytes */
  load(key: Uint8Array): void {
    const bytes = key.length;
    const whole = bytes >>> 2;
    if (whole >= this.words.length) this.words = new Int32Array(2 * whole);
    const { words } = this;
    let position = 0;
    for (let word = 0; word < whole; word += 1, position += 4) {
      words[word] =
        key[position]! | (key[position + 1]! << 8) | (key[position + 2]! << 16) | (key[position + 3]! << 24);
    }
    if (position < bytes) {
      let last = key[position]!;
      if (position + 1 < bytes) last |= key[position + 1]! << 8;
      if (position + 2 < bytes) last |= key[position + 2]! << 16;
      words[whole] = last;
    }
    this.bytes = bytes;
    this.hash = xxh32Words(words, 0, bytes);
  }
}
