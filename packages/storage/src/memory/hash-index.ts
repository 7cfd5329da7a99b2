import { capacityMax, HashTable } from './hash-table.js';

/**
 * Where keys are, by hash: a directory of small tables by the top bits of the hash. Each grows alone, up to a size that
 * is copied within a millisecond, and is then split in two, so there is never a rehash of everything ("Extendible
 * Hashing", Fagin et al., 1979). A table never spans two partitions.
 */
export class HashIndex {
  readonly #partitionBits: number;
  #directory: HashTable[];
  /** Top bits of the hash that the directory takes. */
  #bits: number;
  #bytes = 0;
  #entries = 0;
  /** Of a table with its first entry, if it is known how many will come. */
  #firstSlots = 0;

  constructor(partitions: number) {
    this.#partitionBits = 31 - Math.clz32(partitions);
    this.#bits = this.#partitionBits;
    // One for all: it has no room, so the first entry puts another in its place.
    this.#directory = new Array<HashTable>(partitions).fill(HashTable.without(this.#bits));
  }

  /** Memory of all tables. */
  get bytes(): number {
    return this.#bytes + this.#directory.length * 8;
  }

  get entries(): number {
    return this.#entries;
  }

  /**
   * So many entries are coming: if there are none yet, each table is made as large as it will be, when its first one comes.
   * Entries in the order of their hashes would else make the front of each table as dense as all of it will be, again and
   * again: 4 times the work.
   */
  expect(entries: number): void {
    if (this.#entries > 0) return;
    const tablesNeeded = entries / (capacityMax * expectedLoad);
    const bits = Math.min(Math.max(this.#partitionBits, Math.ceil(Math.log2(tablesNeeded))), bitsMax);
    const perTable = entries / 2 ** bits;
    if (perTable < 8) return;
    this.#bits = bits;
    this.#bytes = 0;
    this.#firstSlots = perTable / expectedLoad;
    this.#directory = new Array<HashTable>(2 ** bits).fill(HashTable.without(bits));
  }

  tableOf(hash: number): HashTable {
    // A shift by 32 is one by 0.
    return this.#directory[this.#bits === 0 ? 0 : hash >>> (32 - this.#bits)]!;
  }

  /** Adds an entry for a key that has none. */
  insert(hash: number, location: number): void {
    while (!this.tableOf(hash).insert(hash, location)) this.#makeRoom(hash);
    this.#entries += 1;
  }

  /** Lets an entry point elsewhere. @returns false if there is no such entry */
  move(hash: number, from: number, to: number): boolean {
    const table = this.tableOf(hash);
    const { words } = table;
    for (let slot = table.firstOf(hash); words[2 * slot + 1] !== 0 && words[2 * slot] === hash; slot += 1) {
      if (words[2 * slot + 1] !== from) continue;
      words[2 * slot + 1] = to;
      return true;
    }
    return false;
  }

  remove(table: HashTable, slot: number): void {
    table.remove(slot);
    this.#entries -= 1;
  }

  /** The table with the first hash that is not below, and those above it, in order. For walking all entries. */
  *tablesFrom(hash: number): Generator<HashTable, void> {
    const first = this.#bits === 0 ? 0 : hash >>> (32 - this.#bits);
    let before: HashTable | undefined;
    for (let place = first; place < this.#directory.length; place += 1) {
      const table = this.#directory[place]!;
      // One that was not split yet has several places, side by side.
      if (table !== before) yield table;
      before = table;
    }
  }

  #makeRoom(hash: number): void {
    const table = this.tableOf(hash);
    if (table.isLargest && this.#maySplit(table)) this.#split(hash, table);
    else if (table.capacity === 0 && this.#firstSlots > 0) {
      this.#put(hash, table, [HashTable.withRoomFor(this.#firstSlots, table.depth)]);
    } else this.#put(hash, table, [table.grown()]);
  }

  /** Many keys of one hash would be split in vain, for ever. */
  #maySplit(table: HashTable): boolean {
    if (table.depth < this.#bits) return true;
    return this.#bits < bitsMax && this.#directory.length < Math.max(64, this.#entries >>> 9);
  }

  #split(hash: number, table: HashTable): void {
    if (table.depth === this.#bits) {
      this.#directory = this.#directory.flatMap((each) => [each, each]);
      this.#bits += 1;
    }
    this.#put(hash, table, table.halves());
  }

  /** Puts tables, each with the same share of the hashes, in the place of one. */
  #put(hash: number, table: HashTable, by: readonly HashTable[]): void {
    const span = 2 ** (this.#bits - table.depth);
    const first = table.depth === 0 ? 0 : (hash >>> (32 - table.depth)) * span;
    const each = span / by.length;
    for (let place = 0; place < span; place += 1)
      this.#directory[first + place] = by[Math.floor(place / each)]!;
    if (table.capacity > 0) this.#bytes -= table.bytes;
    for (const next of by) this.#bytes += next.bytes;
  }
}

/** Of tables that are made in advance: some will get more than their share. */
const expectedLoad = 0.65;

/** A directory of 2^24 tables stands for 10^11 keys. */
const bitsMax = 24;
