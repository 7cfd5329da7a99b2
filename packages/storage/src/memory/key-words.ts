import { xxh32Words } from './xxh32-words.js';

/** A key that somebody gave, laid out in words: to be hashed, compared and written faster than from bytes. */
export class KeyWords {
  /** The bytes behind the key, up to the next word, are zeros. */
  words = new Int32Array(64);
  bytes = 0;
  /** XXH32, seed 0, as a signed integer. */
  hash = 0;

  /**
   * @param key at most 65,535 bytes
   * @param hash of it, if it is known
   */
  load(key: Uint8Array, hash?: number): void {
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
    this.hash = hash === undefined ? xxh32Words(words, 0, bytes) : hash | 0;
  }

  /**
   * The same of a text in UTF-8 without making bytes of it first, which is most of what a look-up of a text would take.
   *
   * @returns whether it did: only short texts of ASCII are worth it. Otherwise what is laid out here is of no use.
   */
  loadText(text: string): boolean {
    const bytes = text.length;
    if (bytes > textBytesMax) return false;
    const { words } = this;
    const whole = bytes >>> 2;
    let seen = 0;
    let position = 0;
    for (let word = 0; word < whole; word += 1, position += 4) {
      const a = text.charCodeAt(position);
      const b = text.charCodeAt(position + 1);
      const c = text.charCodeAt(position + 2);
      const d = text.charCodeAt(position + 3);
      seen |= a | b | c | d;
      words[word] = a | (b << 8) | (c << 16) | (d << 24);
    }
    if (position < bytes) {
      let last = 0;
      for (let shift = 0; position < bytes; position += 1, shift += 8) {
        const code = text.charCodeAt(position);
        seen |= code;
        last |= code << shift;
      }
      words[whole] = last;
    }
    if (seen > 0x7f) return false;
    this.bytes = bytes;
    this.hash = xxh32Words(words, 0, bytes);
    return true;
  }
}

/** Beyond it the system's own encoder is faster than a loop; the words have room for more. */
const textBytesMax = 64;
