import type { ScanOptions, StoredRecord } from './engine.js';
import { entryOverheadBytes } from '../limits.js';
import { partitionOfHash, type RecordView } from '../record/record.js';

/**
 * The records in memory, one map per partition. Keys are the bytes as a latin1 string: one character per byte, so that
 * strings order as the bytes do.
 */
export class RecordTable {
  readonly partitions: number;
  readonly #partitions: (Partition | undefined)[];
  #keys = 0;
  #tombstones = 0;
  #bytes = 0;
  #recordBytes = 0;

  constructor(partitions: number) {
    this.partitions = partitions;
    this.#partitions = new Array<Partition | undefined>(partitions);
  }

  /** Entries that are no tombstones. */
  get keys(): number {
    return this.#keys;
  }

  get tombstones(): number {
    return this.#tombstones;
  }

  /** Estimated memory of all entries. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of all records alone: what a snapshot would hold. */
  get recordBytes(): number {
    return this.#recordBytes;
  }

  get(keyHash: number, key: string): StoredRecord | undefined {
    return this.#partitions[partitionOfHash(keyHash, this.partitions)]?.entries.get(key);
  }

  set(key: string, stored: StoredRecord): void {
    const index = partitionOfHash(stored.record.keyHash, this.partitions);
    const partition = (this.#partitions[index] ??= emptyPartition());
    const previous = partition.entries.get(key);
    if (previous === undefined) partition.sorted = undefined;
    else this.#count(previous.record, -1);
    partition.entries.set(key, stored);
    this.#count(stored.record, 1);
  }

  delete(keyHash: number, key: string): void {
    const partition = this.#partitions[partitionOfHash(keyHash, this.partitions)];
    const previous = partition?.entries.get(key);
    if (partition === undefined || previous === undefined) return;
    partition.entries.delete(key);
    partition.sorted = undefined;
    this.#count(previous.record, -1);
  }

  /** All of a partition, in no particular order; may be interleaved with changes. */
  entries(partition: number): Iterable<readonly [string, StoredRecord]> {
    return this.#partitions[partition]?.entries ?? [];
  }

  /** In the order of the keys' bytes, or its reverse; may be interleaved with changes. */
  *scan(index: number, options: ScanOptions): IterableIterator<StoredRecord> {
    const partition = this.#partitions[index];
    if (partition === undefined) return;
    const keys = (partition.sorted ??= [...partition.entries.keys()].sort(byCodeUnits));
    const { start, end } = rangeOf(keys, options);
    for (let step = 0; step < end - start; step += 1) {
      const stored = partition.entries.get(keys[options.reverse === true ? end - 1 - step : start + step]!);
      if (stored !== undefined) yield stored;
    }
  }

  #count(record: RecordView, sign: 1 | -1): void {
    if (record.tombstone) this.#tombstones += sign;
    else this.#keys += sign;
    this.#recordBytes += sign * record.bytes.length;
    this.#bytes += sign * memoryBytesOf(record);
  }
}

interface Partition {
  readonly entries: Map<string, StoredRecord>;
  /** All keys in order; undefined once a key came or went, until the next scan. */
  sorted: string[] | undefined;
}

function emptyPartition(): Partition {
  return { entries: new Map(), sorted: undefined };
}

/** Estimated memory of an entry. */
export function memoryBytesOf(record: RecordView): number {
  return record.bytes.length + entryOverheadBytes;
}

export function keyString(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.length).toString('latin1');
}

function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The indices `[start, end)` of the keys that the options ask for. */
function rangeOf(
  keys: readonly string[],
  { prefix, after, from, before, through }: ScanOptions,
): { readonly start: number; readonly end: number } {
  let start = 0;
  let end = keys.length;
  if (from !== undefined) start = Math.max(start, countBelow(keys, keyString(from)));
  if (after !== undefined) start = Math.max(start, countUpTo(keys, keyString(after)));
  if (before !== undefined) end = Math.min(end, countBelow(keys, keyString(before)));
  if (through !== undefined) end = Math.min(end, countUpTo(keys, keyString(through)));
  if (prefix !== undefined) {
    const text = keyString(prefix);
    start = Math.max(start, countBelow(keys, text));
    end = Math.min(
      end,
      countWhile(keys, (key) => key < text || key.startsWith(text)),
    );
  }
  return { start, end };
}

function countBelow(keys: readonly string[], key: string): number {
  return countWhile(keys, (each) => each < key);
}

function countUpTo(keys: readonly string[], key: string): number {
  return countWhile(keys, (each) => each <= key);
}

/** How many keys at the front fulfil what no key after the first that does not fulfils. */
function countWhile(keys: readonly string[], test: (key: string) => boolean): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (test(keys[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}
