import { type EnginePorts, nodeFileSystem, open } from '@kv/storage';
import {
  type AbstractIteratorOptions,
  type AbstractKeyIteratorOptions,
  AbstractLevel,
  type AbstractValueIteratorOptions,
} from 'abstract-level';

import type { CursorOptions } from './cursor.js';
import { KvIterator, KvKeyIterator, KvValueIterator } from './iterators.js';
import { levelKeysPerBatch } from './limits.js';
import { checkExistence, type KvLevelOptions, type OpenOptions, storeOptionsOf } from './options.js';
import { type LevelRange, rangeOf } from './range.js';
import { KvSnapshot } from './snapshot.js';
import { bufferOf, type Store } from './store.js';

interface ReadOptions {
  readonly snapshot?: KvSnapshot | null | undefined;
}

type EncodedOperation =
  | { readonly type: 'put'; readonly key: Uint8Array; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Uint8Array };

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
  readonly #ports: Partial<EnginePorts> & Pick<EnginePorts, 'fileSystem'>;
  #opened: Store | undefined;

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
    this.#ports = { ...ports, fileSystem: ports.fileSystem ?? nodeFileSystem() };
  }

  async _open(options: OpenOptions): Promise<void> {
    if (this.#opened !== undefined) return;
    if (this.#isDirectory) await checkExistence(this.location, options, this.#ports);
    const storeOptions = storeOptionsOf(options, { inMemory: !this.#isDirectory });
    this.#opened = await open(this.location, storeOptions, this.#ports);
  }

  async _close(): Promise<void> {
    // As in other databases in memory, what is in it outlives a close, and goes with the object.
    if (!this.#isDirectory) return;
    await this.#opened?.close();
    this.#opened = undefined;
  }

  // Reads are synchronous; abstract-level makes promises of what it awaits, and rejections of what is thrown.
  _getSync(key: Buffer, { snapshot }: ReadOptions): Buffer | undefined {
    return bufferOf((snapshot?.view ?? this.#store).get(key));
  }

  _get(key: Buffer, options: ReadOptions): Buffer | undefined {
    return this._getSync(key, options);
  }

  _getMany(keys: readonly Buffer[], options: ReadOptions): (Buffer | undefined)[] {
    return keys.map((key) => this._getSync(key, options));
  }

  _has(key: Buffer, { snapshot }: ReadOptions): boolean {
    return (snapshot?.view ?? this.#store).has(key);
  }

  _hasMany(keys: readonly Buffer[], { snapshot }: ReadOptions): boolean[] {
    const source = snapshot?.view ?? this.#store;
    return keys.map((key) => source.has(key));
  }

  async _put(key: Buffer, value: Buffer): Promise<void> {
    await this.#store.put(key, value);
  }

  async _del(key: Buffer): Promise<void> {
    await this.#store.delete(key);
  }

  async _batch(operations: readonly EncodedOperation[]): Promise<void> {
    await this.#store.batch(
      operations.map((operation) =>
        operation.type === 'put' ? operation : { type: 'delete', key: operation.key },
      ),
    );
  }

  /** What was there at the call. Not atomic as a whole: in batches, so that others have their turn. */
  async _clear({
    snapshot,
    limit,
    ...range
  }: LevelRange & ReadOptions & { readonly limit: number }): Promise<void> {
    const view = snapshot?.view ?? this.#store.view();
    try {
      let batch: EncodedOperation[] = [];
      for await (const key of view.keys({ ...rangeOf(range), limit: limit < 0 ? Infinity : limit })) {
        batch.push({ type: 'del', key });
        if (batch.length < levelKeysPerBatch) continue;
        await this._batch(batch);
        batch = [];
      }
      await this._batch(batch);
    } finally {
      if (!snapshot) view.close();
    }
  }

  _iterator(options: CursorOptions & AbstractIteratorOptions<Key, Value>): KvIterator<this, Key, Value> {
    return new KvIterator(this, options, this.#store);
  }

  _keys(options: CursorOptions & AbstractKeyIteratorOptions<Key>): KvKeyIterator<this, Key> {
    return new KvKeyIterator(this, options, this.#store);
  }

  _values(
    options: CursorOptions & AbstractValueIteratorOptions<Key, Value>,
  ): KvValueIterator<this, Key, Value> {
    return new KvValueIterator(this, options, this.#store);
  }

  _snapshot(options: object): KvSnapshot {
    return new KvSnapshot(this.#store.view(), options);
  }

  get #store(): Store {
    // abstract-level calls only while the database is open.
    return this.#opened!;
  }
}
