/**
 * Entries (hash, location), open addressing, in the order of their hashes as unsigned numbers: an ordered hash table
 * (Amble and Knuth, 1974). The place where an entry is looked for first grows with its hash; one that is taken pushes it
 * to the right, past smaller hashes only. So
 *
 * - a search that fails ends at the first larger hash;
 * - entries can be walked in the order of hashes, and a walk goes on from a hash, whatever was put in, taken out, grown or
 *   split since: that is what makes a cursor cheap, and safe;
 * - growing and splitting are a copy from front to back;
 * - nothing marks what was taken out: what it had pushed aside moves back.
 *
 * There is no wrapping around. A few slots behind the last place take what is pushed out of it.
 */
export class HashTable {
  /** Two words a slot: hash, location; location 0 = empty. */
  readonly words: Int32Array;
  /** Slots, without those behind the last place. */
  readonly capacity: number;
  /** Top bits of the hash that are the same for all entries. */
  readonly depth: number;
  readonly #shift: number;
  readonly #spare: number;
  #entries = 0;

  private constructor(capacityBits: number, depth: number, spare: number) {
    this.depth = depth;
    this.#shift = 32 - capacityBits;
    this.#spare = spare;
    this.capacity = capacityBits === 0 ? 0 : 1 << capacityBits;
    // Without room there is still one slot to look into.
    this.words = new Int32Array(2 * (Math.max(1, this.capacity) + spare));
  }

  /** A table without any room. */
  static without(depth: number): HashTable {
    return new HashTable(0, depth, 1);
  }

  /** An empty table of at least so many slots, up to the largest. */
  static withRoomFor(slots: number, depth: number): HashTable {
    let bits = capacityBitsMin;
    while (1 << bits < slots && 1 << bits < capacityMax) bits += 1;
    return new HashTable(bits, depth, spareMin);
  }

  get entries(): number {
    return this.#entries;
  }

  get bytes(): number {
    return this.words.byteLength + tableObjectBytes;
  }

  get isLargest(): boolean {
    return this.capacity >= capacityMax;
  }

  /** The first slot that an entry of this hash may be in: that one, or one to the right, of the same hash. */
  firstOf(hash: number): number {
    // Without room the shift would be one by 32, which is one by 0.
    let slot = this.capacity === 0 ? 0 : (hash << this.depth) >>> this.#shift;
    const { words } = this;
    while (words[2 * slot + 1] !== 0 && words[2 * slot]! >>> 0 < hash >>> 0) slot += 1;
    return slot;
  }

  /** Has the memory around the place of this hash loaded. @returns anything */
  touch(hash: number): number {
    return this.words[this.capacity === 0 ? 0 : 2 * ((hash << this.depth) >>> this.#shift)]!;
  }

  /** The location of the first entry of this hash, 0 if there is none. */
  locationOf(hash: number): number {
    const slot = this.firstOf(hash);
    return this.words[2 * slot] === hash ? this.words[2 * slot + 1]! : 0;
  }

  /** @returns false if there is no room: use `grown` or `halves` */
  insert(hash: number, location: number): boolean {
    if (this.#entries >= this.capacity - (this.capacity >>> 2)) return false;
    const { words } = this;
    let slot = this.firstOf(hash);
    while (words[2 * slot + 1] !== 0 && words[2 * slot] === hash) slot += 1;
    let empty = slot;
    while (words[2 * empty + 1] !== 0) empty += 1;
    // The very last slot stays empty: it ends every search.
    if (2 * empty >= words.length - 2) return false;
    for (let word = 2 * empty + 1; word > 2 * slot + 1; word -= 1) words[word] = words[word - 2]!;
    words[2 * slot] = hash;
    words[2 * slot + 1] = location;
    this.#entries += 1;
    return true;
  }

  remove(slot: number): void {
    const { words } = this;
    let hole = slot;
    for (;;) {
      const next = hole + 1;
      if (words[2 * next + 1] === 0 || (words[2 * next]! << this.depth) >>> this.#shift === next) break;
      words[2 * hole] = words[2 * next]!;
      words[2 * hole + 1] = words[2 * next + 1]!;
      hole = next;
    }
    words[2 * hole + 1] = 0;
    this.#entries -= 1;
  }

  /** A copy with room for more. */
  grown(): HashTable {
    const bits = this.capacity === 0 ? capacityBitsMin : 32 - this.#shift;
    // Rarely it is only the end that is crowded: more than a few of nearly the same hash.
    const crowded = this.capacity > 0 && this.#entries < this.capacity >>> 1;
    for (let spare = crowded ? 2 * this.#spare : spareMin; ; spare *= 2) {
      const table = new HashTable(crowded || this.capacity === 0 ? bits : bits + 1, this.depth, spare);
      if (table.#fill(this.words, 0, this.words.length)) return table;
    }
  }

  /** Two copies, each with half of the hashes. */
  halves(): [HashTable, HashTable] {
    const bit = 31 - this.depth;
    let middle = 0;
    // Entries are in order, empty slots between them: up to the last one without the bit.
    for (let word = 0; word < this.words.length; word += 2) {
      if (this.words[word + 1] !== 0 && ((this.words[word]! >>> bit) & 1) === 0) middle = word + 2;
    }
    return [this.#half(0, middle), this.#half(middle, this.words.length)];
  }

  #half(from: number, to: number): HashTable {
    for (let spare = spareMin; ; spare *= 2) {
      const table = new HashTable(32 - this.#shift, this.depth + 1, spare);
      if (table.#fill(this.words, from, to)) return table;
    }
  }

  /** From front to back. @returns false if the end is crowded */
  #fill(from: Int32Array, start: number, end: number): boolean {
    const { words } = this;
    let free = 0;
    for (let word = start; word < end; word += 2) {
      const location = from[word + 1]!;
      if (location === 0) continue;
      const hash = from[word]!;
      const place = (hash << this.depth) >>> this.#shift;
      if (place > free) free = place;
      if (2 * free >= words.length - 2) return false;
      words[2 * free] = hash;
      words[2 * free + 1] = location;
      this.#entries += 1;
      free += 1;
    }
    return true;
  }
}

const capacityBitsMin = 3;
const spareMin = 8;

/** Slots: half a mebibyte is copied in less than a millisecond. */
export const capacityMax = 1 << 16;

/** Of the object and its array, beside the words. */
const tableObjectBytes = 160;
