import type { EngineStats } from '../engine/engine.js';
import type { Decoded, Encodable, Encoding } from './encodings.js';
import type { Entries } from './store-entries.js';

export interface PutOptions {
  /** From now, in whole milliseconds, 1 to a hundred years. Absent = for ever. */
  readonly ttlMs?: number | undefined;
}

export type BatchOperation<Key, Value> =
  | { readonly type: 'put'; readonly key: Key; readonly value: Value; readonly ttlMs?: number | undefined }
  | { readonly type: 'delete'; readonly key: Key };

/** Keys are ordered by their bytes; a bound left out is none. */
export interface RangeOptions<Key> {
  /** Only keys whose bytes begin with this one's; not at key encoding `json`. */
  readonly prefix?: Key | undefined;
  readonly gt?: Key | undefined;
  readonly gte?: Key | undefined;
  readonly lt?: Key | undefined;
  readonly lte?: Key | undefined;
  /** From the last to the first. Default false. */
  readonly reverse?: boolean | undefined;
  /** At most so many entries. Default all. */
  readonly limit?: number | undefined;
}

/** What can be read: of the store as it is, or of a view as it was. */
export interface KvReads<KeyEncoding extends Encoding = 'utf8', ValueEncoding extends Encoding = 'utf8'> {
  /** Undefined if there is none, or it has expired. */
  get(key: Encodable[KeyEncoding]): Decoded[ValueEncoding] | undefined;
  /** In the order asked. */
  getMany(keys: readonly Encodable[KeyEncoding][]): (Decoded[ValueEncoding] | undefined)[];
  has(key: Encodable[KeyEncoding]): boolean;
  entries(
    range?: RangeOptions<Encodable[KeyEncoding]>,
  ): Entries<[key: Decoded[KeyEncoding], value: Decoded[ValueEncoding]]>;
  keys(range?: RangeOptions<Encodable[KeyEncoding]>): Entries<Decoded[KeyEncoding]>;
  values(range?: RangeOptions<Encodable[KeyEncoding]>): Entries<Decoded[ValueEncoding]>;
}

/**
 * The store as it was when the view was made, whatever is written later: any number of reads and ranges show the same, and
 * fit together. Only what expires is left out from then on, as everywhere.
 *
 * Making one costs nothing. While it is open, the first change of a key keeps a copy of what the key had: a view takes as
 * much memory as changes while it is open, at most about what was there and what came; it counts for `memoryBytesMax`.
 * One that nobody holds any more is closed by the collector of garbage, some time.
 *
 * Reads throw like those of the store, and KvError `closed` after `close()`.
 */
export interface KvView<
  KeyEncoding extends Encoding = 'utf8',
  ValueEncoding extends Encoding = 'utf8',
> extends KvReads<KeyEncoding, ValueEncoding> {
  /** May be called again. Iterations that have begun go on to their end, and keep what they have yet to show until then. */
  close(): void;
  [Symbol.dispose](): void;
}

/**
 * A key-value store in this process. Reading is synchronous. Writing takes effect at once, for every later read, and the
 * promise tells when it will survive as the durability level says; one that is left alone never ends the process.
 *
 * A write rejects with KvError `invalid-argument`, `memory-full`, `corrupt` or `closed` (outcome `not-applied`), `disk-full`
 * (`not-applied` if refused at once, else `unknown`: it stays in memory and becomes durable if there is room again), `internal`
 * (`unknown`: after a failed sync nothing is acknowledged any more). A value of a wrong type is a TypeError.
 *
 * A read throws KvError `corrupt` for keys in damaged partitions, `closed` after `close()`, and `invalid-argument` if stored
 * bytes do not fit the encoding.
 */
export interface KvStore<
  KeyEncoding extends Encoding = 'utf8',
  ValueEncoding extends Encoding = 'utf8',
> extends KvReads<KeyEncoding, ValueEncoding> {
  put(key: Encodable[KeyEncoding], value: Encodable[ValueEncoding], options?: PutOptions): Promise<void>;
  /** One of a key that is not there is fine. */
  delete(key: Encodable[KeyEncoding]): Promise<void>;
  /** All or nothing, also after a crash. In order: of two operations on one key the later counts. */
  batch(
    operations: readonly BatchOperation<Encodable[KeyEncoding], Encodable[ValueEncoding]>[],
  ): Promise<void>;
  /** Everything as it is now, to be read later. Close it. @throws KvError `closed` */
  view(): KvView<KeyEncoding, ValueEncoding>;
  /** Writes everything to a new snapshot and lets the log before it go. */
  snapshot(): Promise<void>;
  /**
   * Makes a directory that opens to everything that is here at the moment when it is done, while writes go on.
   *
   * @throws KvError `invalid-argument` if there is something in the directory, or it may not be written; `disk-full`; `closed`
   */
  backup(directory: string): Promise<void>;
  stats(): EngineStats;
  /**
   * Makes everything durable, whatever the level, and gives the directory free. May be called again. Rejects, once all is
   * closed, with KvError `disk-full` (outcome unknown) if there was no room for a write that was taken in.
   */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
