/**
 * XXH32, seed 0, over memory that is aligned to words: some four times as fast as over bytes. A test holds it equal to
 * `xxh32`. Words are little-endian, as on every machine that Node runs on but one; see `assertLittleEndian`.
 */

// A global is looked up anew at every use when the code runs inside a vm context, as it does under test runners.
const { imul } = Math;

const prime1 = 0x9e3779b1 | 0;
const prime2 = 0x85ebca77 | 0;
const prime3 = 0xc2b2ae3d | 0;
const prime4 = 0x27d4eb2f | 0;
const prime5 = 0x165667b1 | 0;

/** Hashes `bytes` bytes that begin with word `start`. @returns a signed 32-bit integer: a small one to V8, whatever its sign */
export function xxh32Words(words: Int32Array, start: number, bytes: number): number {
  let position = start;
  let hash = prime5;
  if (bytes >= 16) {
    const end = start + ((bytes >>> 4) << 2);
    let a = (prime1 + prime2) | 0;
    let b = prime2;
    let c = 0;
    let d = -prime1 | 0;
    for (; position < end; position += 4) {
      a = (a + imul(words[position]!, prime2)) | 0;
      a = imul((a << 13) | (a >>> 19), prime1);
      b = (b + imul(words[position + 1]!, prime2)) | 0;
      b = imul((b << 13) | (b >>> 19), prime1);
      c = (c + imul(words[position + 2]!, prime2)) | 0;
      c = imul((c << 13) | (c >>> 19), prime1);
      d = (d + imul(words[position + 3]!, prime2)) | 0;
      d = imul((d << 13) | (d >>> 19), prime1);
    }
    hash = merged(a, b, c, d);
  }
  return finished(hash, words, position, bytes & 15, bytes);
}

/**
 * The same of words that are hashed piece by piece, so that others have their turn in between. The loop stands here once
 * more, as keeping its state anywhere but in local variables would cost short keys as much as the hashing.
 */
export class PiecewiseXxh32 {
  #a = (prime1 + prime2) | 0;
  #b = prime2;
  #c = 0;
  #d = -prime1 | 0;
  #bytes = 0;

  /** Another piece, but not the last: `stripes` of 16 bytes. */
  add(words: Int32Array, start: number, stripes: number): void {
    let [a, b, c, d] = [this.#a, this.#b, this.#c, this.#d];
    for (let position = start; position < start + (stripes << 2); position += 4) {
      a = (a + imul(words[position]!, prime2)) | 0;
      a = imul((a << 13) | (a >>> 19), prime1);
      b = (b + imul(words[position + 1]!, prime2)) | 0;
      b = imul((b << 13) | (b >>> 19), prime1);
      c = (c + imul(words[position + 2]!, prime2)) | 0;
      c = imul((c << 13) | (c >>> 19), prime1);
      d = (d + imul(words[position + 3]!, prime2)) | 0;
      d = imul((d << 13) | (d >>> 19), prime1);
    }
    [this.#a, this.#b, this.#c, this.#d] = [a, b, c, d];
    this.#bytes += stripes << 4;
  }

  /** The last piece. @returns the hash, as `xxh32Words` does */
  end(words: Int32Array, start: number, bytes: number): number {
    this.add(words, start, bytes >>> 4);
    const rest = bytes & 15;
    const total = this.#bytes + rest;
    const hash = total < 16 ? prime5 : merged(this.#a, this.#b, this.#c, this.#d);
    return finished(hash, words, start + ((bytes >>> 4) << 2), rest, total);
  }
}

function merged(a: number, b: number, c: number, d: number): number {
  return (
    (((a << 1) | (a >>> 31)) +
      ((b << 7) | (b >>> 25)) +
      ((c << 12) | (c >>> 20)) +
      ((d << 18) | (d >>> 14))) |
    0
  );
}

/** Takes in what is behind the stripes: the last of `total` bytes, from word `start` on. */
function finished(stripes: number, words: Int32Array, start: number, rest: number, total: number): number {
  let hash = (stripes + total) | 0;
  let position = start;
  for (const end = start + (rest >>> 2); position < end; position += 1) {
    hash = (hash + imul(words[position]!, prime3)) | 0;
    hash = imul((hash << 17) | (hash >>> 15), prime4);
  }
  const over = rest & 3;
  if (over !== 0) {
    let last = words[position]!;
    for (let byte = 0; byte < over; byte += 1, last >>>= 8) {
      hash = (hash + imul(last & 0xff, prime5)) | 0;
      hash = imul((hash << 11) | (hash >>> 21), prime1);
    }
  }
  hash = imul(hash ^ (hash >>> 15), prime2);
  hash = imul(hash ^ (hash >>> 13), prime3);
  return hash ^ (hash >>> 16);
}

/** @throws where words would be read the other way round: every checksum would fail, so it is better said at once */
export function assertLittleEndian(): void {
  if (new Uint8Array(Uint32Array.of(1).buffer)[0] !== 1) {
    throw new Error('@kv/storage needs a little-endian machine');
  }
}
