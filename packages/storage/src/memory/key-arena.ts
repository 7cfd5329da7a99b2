/**
 * Copies of keys outside of the JavaScript heap, each named by one word: for lists of keys in order, which must not depend
 * on where records lie. Each chunk is twice as long as the one before: a store has an arena for each of a thousand partitions,
 * most of them with a handful of keys.
 */
export class KeyArena {
  readonly #chunks: Uint8Array[] = [];
  /** Of the last chunk, in units of 4 bytes. */
  #used = 0;
  #room = 0;
  #bytes = 0;
  /** Places given back, by their size in units. */
  readonly #free = new Map<number, number[]>();

  get bytes(): number {
    return this.#bytes;
  }

  /** @returns a reference, which is never 0 */
  add(key: Uint8Array): number {
    const units = unitsOf(key.length);
    const ref = this.#free.get(units)?.pop() ?? this.#allocate(units);
    const chunk = this.#chunks[ref >>> unitBits]!;
    let at = (ref & unitMask) << 2;
    chunk[at] = key.length;
    chunk[at + 1] = key.length >>> 8;
    at += 2;
    for (let index = 0; index < key.length; index += 1) chunk[at + index] = key[index]!;
    return ref;
  }

  remove(ref: number): void {
    const units = unitsOf(this.lengthOf(ref));
    const free = this.#free.get(units);
    if (free === undefined) this.#free.set(units, [ref]);
    else free.push(ref);
  }

  /** A view: only good until the key is removed. */
  get(ref: number): Uint8Array {
    const chunk = this.#chunks[ref >>> unitBits]!;
    const at = (ref & unitMask) << 2;
    return new Uint8Array(chunk.buffer, at + 2, chunk[at]! | (chunk[at + 1]! << 8));
  }

  lengthOf(ref: number): number {
    const chunk = this.#chunks[ref >>> unitBits]!;
    const at = (ref & unitMask) << 2;
    return chunk[at]! | (chunk[at + 1]! << 8);
  }

  /** The byte at `index`, plus 1; 0 behind the end, so that a prefix comes before what it begins. */
  byteAt(ref: number, index: number): number {
    const chunk = this.#chunks[ref >>> unitBits]!;
    const at = (ref & unitMask) << 2;
    return index < (chunk[at]! | (chunk[at + 1]! << 8)) ? chunk[at + 2 + index]! + 1 : 0;
  }

  /** Negative if the key comes before `other`. */
  compare(ref: number, other: Uint8Array): number {
    const chunk = this.#chunks[ref >>> unitBits]!;
    const start = (ref & unitMask) << 2;
    const length = chunk[start]! | (chunk[start + 1]! << 8);
    const shared = length < other.length ? length : other.length;
    for (let index = 0; index < shared; index += 1) {
      const difference = chunk[start + 2 + index]! - other[index]!;
      if (difference !== 0) return difference;
    }
    return length - other.length;
  }

  #allocate(units: number): number {
    if (this.#used + units > this.#room) this.#addChunk(units);
    const ref = (((this.#chunks.length - 1) << unitBits) | this.#used) >>> 0;
    this.#used += units;
    return ref;
  }

  #addChunk(unitsMin: number): void {
    const isFirst = this.#chunks.length === 0;
    this.#room = Math.min(Math.max(2 * this.#room, unitsFirst, unitsMin + 1), unitsPerChunk);
    this.#chunks.push(new Uint8Array(this.#room * 4));
    this.#bytes += this.#room * 4;
    // 0 is no reference.
    this.#used = isFirst ? 1 : 0;
  }
}

const unitBits = 16;
const unitMask = (1 << unitBits) - 1;
/** At most. */
const unitsPerChunk = 1 << unitBits;
const unitsFirst = 256;

/** With the two bytes of its length. */
function unitsOf(keyBytes: number): number {
  return (keyBytes + 2 + 3) >>> 2;
}
