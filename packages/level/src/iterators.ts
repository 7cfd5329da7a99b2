import {
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractKeyIterator,
  type AbstractKeyIteratorOptions,
  AbstractValueIterator,
  type AbstractValueIteratorOptions,
} from 'abstract-level';

import { Cursor, type CursorOptions } from './cursor.js';
import { bufferOf, type Store } from './store.js';

/*
 * Three faces of a cursor. abstract-level counts, decodes, refuses overlapping calls and closes; it calls what begins with
 * an underscore.
 */

type EncodedEntry = [key: Buffer, value: Buffer];

export class KvIterator<Database, Key, Value> extends AbstractIterator<Database, Key, Value> {
  readonly #cursor: Cursor<[key: Uint8Array, value: Uint8Array]>;

  constructor(
    database: Database,
    options: CursorOptions & AbstractIteratorOptions<Key, Value>,
    store: Store,
  ) {
    super(database, options);
    this.#cursor = new Cursor(store, options, (view, range) => view.entries(range));
  }

  async _next(): Promise<EncodedEntry | undefined> {
    return (await this._nextv(1))[0];
  }

  async _nextv(size: number): Promise<EncodedEntry[]> {
    return (await this.#cursor.read(size)).map(([key, value]) => [bufferOf(key), bufferOf(value)]);
  }

  _seek(target: Uint8Array): void {
    this.#cursor.seek(target);
  }

  _close(): Promise<void> {
    this.#cursor.close();
    return Promise.resolve();
  }
}

export class KvKeyIterator<Database, Key> extends AbstractKeyIterator<Database, Key> {
  readonly #cursor: Cursor<Uint8Array>;

  constructor(database: Database, options: CursorOptions & AbstractKeyIteratorOptions<Key>, store: Store) {
    super(database, options);
    this.#cursor = new Cursor(store, options, (view, range) => view.keys(range));
  }

  async _next(): Promise<Buffer | undefined> {
    return (await this._nextv(1))[0];
  }

  async _nextv(size: number): Promise<Buffer[]> {
    return (await this.#cursor.read(size)).map((key) => bufferOf(key));
  }

  _seek(target: Uint8Array): void {
    this.#cursor.seek(target);
  }

  _close(): Promise<void> {
    this.#cursor.close();
    return Promise.resolve();
  }
}

export class KvValueIterator<Database, Key, Value> extends AbstractValueIterator<Database, Key, Value> {
  readonly #cursor: Cursor<Uint8Array>;

  constructor(
    database: Database,
    options: CursorOptions & AbstractValueIteratorOptions<Key, Value>,
    store: Store,
  ) {
    super(database, options);
    this.#cursor = new Cursor(store, options, (view, range) => view.values(range));
  }

  async _next(): Promise<Buffer | undefined> {
    return (await this._nextv(1))[0];
  }

  async _nextv(size: number): Promise<Buffer[]> {
    return (await this.#cursor.read(size)).map((value) => bufferOf(value));
  }

  _seek(target: Uint8Array): void {
    this.#cursor.seek(target);
  }

  _close(): Promise<void> {
    this.#cursor.close();
    return Promise.resolve();
  }
}
