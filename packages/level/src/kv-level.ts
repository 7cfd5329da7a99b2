import { type EnginePorts, nodeFileSystem, open, systemTimers } from '@kv/storage';
import {
  type AbstractIteratorOptions,
  type AbstractKeyIteratorOptions,
  AbstractLevel,
  type AbstractValueIteratorOptions,
} from 'abstract-level';

import type { CursorContext, CursorOptions } from './cursor.js';
import { KvIterator, KvKeyIterator, KvValueIterator } from './iterators.js';
import { levelEntriesPerTurn } from './limits.js';
import { checkExistence, type KvLevelOptions, type OpenOptions, storeOptionsOf } from './options.js';
import { rangeOf, type RangeOptions } from './range.js';
import { KvSnapshot } from './snapshot.js';
import { bufferOf, type Store } from './view.js';
import { Views } from './views.js';

interface ReadOptions {
  readonly snapshot?: KvSnapshot | null | undefined;
}

type EncodedOperation =
  | { readonly type: 'put'; readonly key: Buffer; readonly value: Buffer }
  | { readonly type: 'del'; readonly key: Buffer };

/** Nothing of abstract-level is left out. (Its published types have not heard of `getSync`.) */
const supports = {
  encodings: { buffer: true },
  getSync: true,
  has: true,
  implicitSnapshots: true,
  explicitSnapshots: true,
  seek: true,
  signals: { iterators: true },
};

/**
 * The Level API over `@kv/storage`: what begins with an underscore is called by abstract-level, with keys and values as
 * Buffers, once the database is open.
 */
export class KvLevel<Key = string, Value = string> extends AbstractLevel<Buffer, Key, Value> {
  readonly location: string;
  readonly #isDirectory: boolean;
  readonly #ports: Partial<EnginePorts> & Pick<EnginePorts, 'fileSystem' | 'timers'>;
  #open: (CursorContext & { readonly store: Store }) | undefined;

  /**
   * @param location a directory, or `':memory:'`
   * @param ports the real ones by default
   */
  constructor(location: string, options: KvLevelOptions<Key, Value> = {}, ports: Partial<EnginePorts> = {}) {
    if (typeof location !== 'string' || location === '') {
      throw new TypeError("The first argument 'location' must be a non-empty string");
    }
    const isDirectory = location !== ':memory:';
    super(
      // What is in memory is never there before, and gone with its object.
      { ...supports, permanence: isDirectory, createIfMissing: isDirectory, errorIfExists: isDirectory },
      options,
    );
    this.location = location;
    this.#isDirectory = isDirectory;
    this.#ports = {
      ...ports,
      fileSystem: ports.fileSystem ?? nodeFileSystem(),
      // A database that somebody forgot to close must not keep the process from ending.
      timers: ports.timers ?? systemTimers({ keepAlive: false }),
    };
  }

  async _open(options: OpenOptions): Promise<void> {
    if (this.#open !== undefined) return;
    if (this.#isDirectory) await checkExistence(this.location, options, this.#ports);
    const store = await open(
      this.location,
      storeOptionsOf(options, { inMemory: !this.#isDirectory }),
      this.#ports,
    );
    this.#open = { store, views: new Views(store), timers: this.#ports.timers };
  }

  async _close(): Promise<void> {
    // As in other databases in memory, what is in it outlives a close, and goes with the object.
    if (!this.#isDirectory) return;
    await this.#open?.store.close();
    this.#open = undefined;
  }

  // Reads are synchronous; abstract-level makes promises of what it awaits, and rejections of what is thrown.
  _getSync(key: Buffer, { snapshot }: ReadOptions): Buffer | undefined {
    return snapshot ? snapshot.view.get(key) : bufferOf(this.#opened.store.get(key));
  }

  _get(key: Buffer, options: ReadOptions): Buffer | undefined {
    return this._getSync(key, options);
  }

  _getMany(keys: readonly Buffer[], options: ReadOptions): (Buffer | undefined)[] {
    return keys.map((key) => this._getSync(key, options));
  }

  _has(key: Buffer, { snapshot }: ReadOptions): boolean {
    return (snapshot?.view ?? this.#opened.store).has(key);
  }

  _hasMany(keys: readonly Buffer[], { snapshot }: ReadOptions): boolean[] {
    const source = snapshot?.view ?? this.#opened.store;
    return keys.map((key) => source.has(key));
  }

  async _put(key: Buffer, value: Buffer): Promise<void> {
    const { store, views } = this.#opened;
    views.keep(key);
    await store.put(key, value);
  }

  async _del(key: Buffer): Promise<void> {
    const { store, views } = this.#opened;
    views.keep(key);
    await store.delete(key);
  }

  async _batch(operations: readonly EncodedOperation[]): Promise<void> {
    const { store, views } = this.#opened;
    for (const { key } of operations) views.keep(key);
    await store.batch(
      operations.map((operation) =>
        operation.type === 'put' ? operation : { type: 'delete', key: operation.key },
      ),
    );
  }

  /** What was there at the call. Not atomic as a whole: in pieces, so that others have their turn. */
  async _clear(options: RangeOptions & ReadOptions & { readonly limit: number }): Promise<void> {
    const { views } = this.#opened;
    const { snapshot } = options;
    const view = snapshot?.view ?? views.open();
    try {
      let left = options.limit < 0 ? Infinity : options.limit;
      let piece: EncodedOperation[] = [];
      for (const [key] of view.entries(rangeOf(options), { values: false })) {
        if (left === 0) break;
        left -= 1;
        piece.push({ type: 'del', key });
        if (piece.length < levelEntriesPerTurn) continue;
        await this._batch(piece);
        piece = [];
      }
      await this._batch(piece);
    } finally {
      if (!snapshot) views.close(view);
    }
  }

  _iterator(options: CursorOptions & AbstractIteratorOptions<Key, Value>): KvIterator<this, Key, Value> {
    return new KvIterator(this, options, this.#opened);
  }

  _keys(options: CursorOptions & AbstractKeyIteratorOptions<Key>): KvKeyIterator<this, Key> {
    return new KvKeyIterator(this, options, this.#opened);
  }

  _values(
    options: CursorOptions & AbstractValueIteratorOptions<Key, Value>,
  ): KvValueIterator<this, Key, Value> {
    return new KvValueIterator(this, options, this.#opened);
  }

  _snapshot(options: object): KvSnapshot {
    return new KvSnapshot(this.#opened.views, options);
  }

  get #opened(): CursorContext & { readonly store: Store } {
    // abstract-level calls only while the database is open.
    return this.#open!;
  }
}
