/**
 * XXH32 (Yann Collet's xxHash, 32 bits, seed 0) in plain JavaScript.
 *
 * A call into WebAssembly has to copy its input first; for keys and records of some hundred bytes that costs more
 * than hashing them here. A test holds the results equal to xxhash-wasm.
 */

// A global is looked up anew at every use when the code runs inside a vm context, as it does under test runners.
const { imul } = Math;

const prime1 = 0x9e3779b1 | 0;
const prime2 = 0x85ebca77 | 0;
const prime3 = 0xc2b2ae3d | 0;
const prime4 = 0x27d4eb2f | 0;
const prime5 = 0x165667b1 | 0;

const littleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Below this many bytes, making a view of words costs more than it saves. */
const wordViewBytesMin = 128;

/**
 * Hashes `bytes[start, end)`.
 *
 * @returns an unsigned 32-bit integer
 */
export function xxh32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  if (start < 0 || end > bytes.length || start > end) throw new RangeError('hash range outside of the bytes');
  const length = end - start;
  let position = start;
  let hash = prime5;
  if (length >= 16) {
    const stripes = length >>> 4;
    const aligned = littleEndian && length >= wordViewBytesMin && ((bytes.byteOffset + start) & 3) === 0;
    hash = aligned ? hashWords(bytes, start, stripes) : hashBytes(bytes, start, stripes);
    position = start + (stripes << 4);
  }
  hash = (hash + length) | 0;
  for (; position + 4 <= end; position += 4) {
    hash = (hash + imul(wordAt(bytes, position), prime3)) | 0;
    hash = imul((hash << 17) | (hash >>> 15), prime4);
  }
  for (; position < end; position += 1) {
    hash = (hash + imul(bytes[position]!, prime5)) | 0;
    hash = imul((hash << 11) | (hash >>> 21), prime1);
  }
  hash = imul(hash ^ (hash >>> 15), prime2);
  hash = imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function wordAt(bytes: Uint8Array, position: number): number {
  return (
    bytes[position]! |
    (bytes[position + 1]! << 8) |
    (bytes[position + 2]! << 16) |
    (bytes[position + 3]! << 24)
  );
}

function hashWords(bytes: Uint8Array, start: number, stripes: number): number {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + start, stripes << 2);
  let a = (prime1 + prime2) | 0;
  let b = prime2;
  let c = 0;
  let d = -prime1 | 0;
  for (let word = 0; word < words.length; word += 4) {
    a = round(a, words[word]!);
    b = round(b, words[word + 1]!);
    c = round(c, words[word + 2]!);
    d = round(d, words[word + 3]!);
  }
  return merge(a, b, c, d);
}

function hashBytes(bytes: Uint8Array, start: number, stripes: number): number {
  let a = (prime1 + prime2) | 0;
  let b = prime2;
  let c = 0;
  let d = -prime1 | 0;
  const end = start + (stripes << 4);
  for (let position = start; position < end; position += 16) {
    a = round(a, wordAt(bytes, position));
    b = round(b, wordAt(bytes, position + 4));
    c = round(c, wordAt(bytes, position + 8));
    d = round(d, wordAt(bytes, position + 12));
  }
  return merge(a, b, c, d);
}

function round(accumulator: number, word: number): number {
  const sum = (accumulator + imul(word, prime2)) | 0;
  return imul((sum << 13) | (sum >>> 19), prime1);
}

function merge(a: number, b: number, c: number, d: number): number {
  const rotated =
    ((a << 1) | (a >>> 31)) + ((b << 7) | (b >>> 25)) + ((c << 12) | (c >>> 20)) + ((d << 18) | (d >>> 14));
  return rotated | 0;
}
