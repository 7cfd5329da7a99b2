import {
  AbstractIterator,
  type AbstractIteratorOptions,
  AbstractKeyIterator,
  type AbstractKeyIteratorOptions,
  AbstractValueIterator,
  type AbstractValueIteratorOptions,
} from 'abstract-level';

import { Cursor, type CursorContext, type CursorOptions } from './cursor.js';
import type { EncodedEntry } from './view.js';

/*
 * Three faces of a cursor. abstract-level counts, decodes, refuses overlapping calls and closes; it calls what begins with
 * an underscore.
 */

export class KvIterator<Database, Key, Value> extends AbstractIterator<Database, Key, Value> {
  readonly #cursor: Cursor;

  constructor(
    database: Database,
    options: CursorOptions & AbstractIteratorOptions<Key, Value>,
    context: CursorContext,
  ) {
    super(database, options);
    this.#cursor = new Cursor(context, options, { values: options.values !== false });
  }

  async _next(): Promise<EncodedEntry | undefined> {
    return (await this.#cursor.read(1))[0];
  }

  _nextv(size: number): Promise<EncodedEntry[]> {
    return this.#cursor.read(size);
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
  readonly #cursor: Cursor;

  constructor(
    database: Database,
    options: CursorOptions & AbstractKeyIteratorOptions<Key>,
    context: CursorContext,
  ) {
    super(database, options);
    this.#cursor = new Cursor(context, options, { values: false });
  }

  async _next(): Promise<Buffer | undefined> {
    return (await this.#cursor.read(1))[0]?.[0];
  }

  async _nextv(size: number): Promise<Buffer[]> {
    return (await this.#cursor.read(size)).map(([key]) => key);
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
  readonly #cursor: Cursor;

  constructor(
    database: Database,
    options: CursorOptions & AbstractValueIteratorOptions<Key, Value>,
    context: CursorContext,
  ) {
    super(database, options);
    this.#cursor = new Cursor(context, options, { values: true });
  }

  async _next(): Promise<Buffer | undefined> {
    return (await this.#cursor.read(1))[0]?.[1];
  }

  async _nextv(size: number): Promise<(Buffer | undefined)[]> {
    return (await this.#cursor.read(size)).map(([, value]) => value);
  }

  _seek(target: Uint8Array): void {
    this.#cursor.seek(target);
  }

  _close(): Promise<void> {
    this.#cursor.close();
    return Promise.resolve();
  }
}
