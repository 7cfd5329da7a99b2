import type { ConsistencyLevel as LevelMessage, DeleteResponse, GetResponse, PutResponse } from '@kv/proto';

import { notApplied } from '../attempts/attempt-failure.js';
import { createOperationIds } from '../attempts/operation-id.js';
import { keyBytes, valueBytes } from '../bounded-bytes.js';
import { type Codec, codecOf, type DecodedTypes, type EncodableTypes, type Encoding } from '../encoding.js';
import { checkNames, putOptionNames, readOptionNames, writeOptionNames } from '../option-names.js';
import {
  type CallerOptions,
  checkedSignal,
  checkedTimeoutMs,
  checkedTtlMs,
  levelMessageOf,
  type PutOptions,
  type ReadOptions,
  type ResolvedOptions,
  type WriteOptions,
} from '../options.js';
import type { Bounds } from '../quick/quick-operation.js';
import { QuickRead, type QuickReadPorts, type QuickReadTerms } from '../quick/quick-read.js';
import { QuickWrite, type QuickWritePorts, type QuickWriteTerms } from '../quick/quick-write.js';
import { type ValueEntry, valueEntryOf, versionOf, WriteReceipt, type WriteResult } from './entry.js';
import { DeleteMessage, GetMessage, PutMessage } from './messages.js';
import { decodePrevious } from './previous.js';

/** Of callers that give none: nothing of them needs to be checked. */
export const defaultOptions: Readonly<Record<string, never>> = Object.freeze({});

export type OperationPorts = QuickWritePorts & QuickReadPorts;

/** Makes operations of what callers give, checked and encoded. Each method throws what the caller did wrong. */
export class Operations<K extends Encoding, V extends Encoding> {
  readonly #options: ResolvedOptions<K, V>;
  readonly #keys: Codec<K>;
  readonly #values: Codec<V>;
  /** Of callers that give none of their own. */
  readonly #bounds: Bounds;
  readonly #valueTerms: QuickReadTerms<DecodedTypes[V] | undefined>;
  readonly #entryTerms: QuickReadTerms<ValueEntry<DecodedTypes[V]> | undefined>;
  readonly #writeTerms: QuickWriteTerms<WriteResult<DecodedTypes[V]>>;
  readonly #nextOperationId: () => Buffer;
  /** The options whose names were checked last: most callers pass the same object again and again. */
  #checkedPut: object = defaultOptions;
  #checkedDelete: object = defaultOptions;
  #checkedRead: object = defaultOptions;

  constructor(options: ResolvedOptions<K, V>, ports: OperationPorts) {
    this.#options = options;
    this.#keys = codecOf(options.keyEncoding);
    this.#values = codecOf(options.valueEncoding);
    this.#bounds = { timeoutMs: options.timeoutMs, signal: undefined };
    this.#valueTerms = { ports, decode: (response) => this.#decodeValue(response) };
    this.#entryTerms = { ports, decode: (response) => this.#decodeEntry(response) };
    this.#writeTerms = { ports, decode: (response) => this.#decodeWrite(response) };
    this.#nextOperationId = createOperationIds(ports.random);
  }

  get(key: EncodableTypes[K], options: ReadOptions): QuickRead<DecodedTypes[V] | undefined> {
    return this.#read(key, options, this.#valueTerms);
  }

  getEntry(key: EncodableTypes[K], options: ReadOptions): QuickRead<ValueEntry<DecodedTypes[V]> | undefined> {
    return this.#read(key, options, this.#entryTerms);
  }

  put(
    key: EncodableTypes[K],
    value: EncodableTypes[V],
    options: PutOptions,
  ): QuickWrite<WriteResult<DecodedTypes[V]>> {
    try {
      return this.#put(key, value, options);
    } catch (error) {
      throw notApplied(error);
    }
  }

  delete(key: EncodableTypes[K], options: WriteOptions): QuickWrite<WriteResult<DecodedTypes[V]>> {
    try {
      return this.#delete(key, options);
    } catch (error) {
      throw notApplied(error);
    }
  }

  // Object by object and field by field, without a spread or a closure: every operation pays for what happens here.

  #put(
    key: EncodableTypes[K],
    value: EncodableTypes[V],
    options: PutOptions,
  ): QuickWrite<WriteResult<DecodedTypes[V]>> {
    if (options !== this.#checkedPut) this.#checkedPut = checkNames(options, putOptionNames);
    const request = new PutMessage(
      keyBytes(this.#keys, key),
      valueBytes(this.#values, value),
      this.#levelOf(options),
      checkedTtlMs(options.ttlMs),
      omitsPrevious(options),
      this.#nextOperationId(),
    );
    return new QuickWrite(request, this.#boundsOf(options), this.#writeTerms);
  }

  #delete(key: EncodableTypes[K], options: WriteOptions): QuickWrite<WriteResult<DecodedTypes[V]>> {
    if (options !== this.#checkedDelete) this.#checkedDelete = checkNames(options, writeOptionNames);
    const request = new DeleteMessage(
      keyBytes(this.#keys, key),
      this.#levelOf(options),
      omitsPrevious(options),
      this.#nextOperationId(),
    );
    return new QuickWrite(request, this.#boundsOf(options), this.#writeTerms);
  }

  #read<T>(key: EncodableTypes[K], options: ReadOptions, terms: QuickReadTerms<T>): QuickRead<T> {
    if (options !== this.#checkedRead) this.#checkedRead = checkNames(options, readOptionNames);
    const request = new GetMessage(keyBytes(this.#keys, key), this.#levelOf(options));
    return new QuickRead(request, this.#boundsOf(options), terms);
  }

  #levelOf({ consistency }: ReadOptions): LevelMessage {
    return levelMessageOf(consistency ?? this.#options.consistency);
  }

  #boundsOf({ timeoutMs, signal }: CallerOptions): Bounds {
    if (timeoutMs === undefined && signal === undefined) return this.#bounds;
    return {
      timeoutMs: timeoutMs === undefined ? this.#bounds.timeoutMs : checkedTimeoutMs(timeoutMs),
      signal: checkedSignal(signal),
    };
  }

  #decodeValue({ found, value }: GetResponse): DecodedTypes[V] | undefined {
    return found ? this.#values.decode(value, 'value') : undefined;
  }

  #decodeEntry(response: GetResponse): ValueEntry<DecodedTypes[V]> | undefined {
    return response.found ? valueEntryOf(this.#values, response) : undefined;
  }

  #decodeWrite(response: PutResponse | DeleteResponse): WriteResult<DecodedTypes[V]> {
    const version = versionOf(response.version, 'unknown');
    return new WriteReceipt(version, decodePrevious(response, this.#values));
  }
}

function omitsPrevious({ previous = true }: WriteOptions): boolean {
  if (typeof previous !== 'boolean') throw new TypeError('previous: true or false is needed');
  return !previous;
}
