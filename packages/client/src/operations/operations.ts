import type { DeleteResponse, GetResponse, PutResponse } from '@kv/proto';

import { notApplied } from '../attempts/attempt-failure.js';
import { createOperationIds } from '../attempts/operation-id.js';
import { keyBytes, valueBytes } from '../bounded-bytes.js';
import { type Codec, codecOf, type DecodedTypes, type EncodableTypes, type Encoding } from '../encoding.js';
import { operationOverheadBytes } from '../limits.js';
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
import type { Waiter } from '../quick/quick-operation.js';
import { QuickRead, type QuickReadPorts } from '../quick/quick-read.js';
import { QuickWrite } from '../quick/quick-write.js';
import { type ValueEntry, valueEntryOf, versionOf, type WriteResult } from './entry.js';
import { decodePrevious } from './previous.js';
import type { WritePorts } from './write.js';

/** Of callers that give none: nothing of them needs to be checked. */
export const defaultOptions: Readonly<Record<string, never>> = Object.freeze({});

export type OperationPorts = WritePorts & QuickReadPorts;

/** Makes operations of what callers give, checked and encoded. Each method throws what the caller did wrong. */
export class Operations<K extends Encoding, V extends Encoding> {
  readonly #options: ResolvedOptions<K, V>;
  readonly #keys: Codec<K>;
  readonly #values: Codec<V>;
  readonly #ports: OperationPorts;
  readonly #nextOperationId: () => Buffer;
  /** The options whose names were checked last: most callers pass the same object again and again. */
  #checkedPut: object = defaultOptions;
  #checkedDelete: object = defaultOptions;
  #checkedRead: object = defaultOptions;

  constructor(options: ResolvedOptions<K, V>, ports: OperationPorts) {
    this.#options = options;
    this.#keys = codecOf(options.keyEncoding);
    this.#values = codecOf(options.valueEncoding);
    this.#ports = ports;
    this.#nextOperationId = createOperationIds(ports.random);
  }

  get(key: EncodableTypes[K], options: ReadOptions, waiter: Waiter<DecodedTypes[V] | undefined>, place = 0) {
    return this.#read({ key, decode: this.#decodeValue, place }, options, waiter);
  }

  getEntry(
    key: EncodableTypes[K],
    options: ReadOptions,
    waiter: Waiter<ValueEntry<DecodedTypes[V]> | undefined>,
  ) {
    return this.#read({ key, decode: this.#decodeEntry, place: 0 }, options, waiter);
  }

  put(
    entry: { readonly key: EncodableTypes[K]; readonly value: EncodableTypes[V] },
    options: PutOptions,
    waiter: Waiter<WriteResult<DecodedTypes[V]>>,
    place = 0,
  ) {
    try {
      return this.#put(entry, options, waiter, place);
    } catch (error) {
      throw notApplied(error);
    }
  }

  delete(
    key: EncodableTypes[K],
    options: WriteOptions,
    waiter: Waiter<WriteResult<DecodedTypes[V]>>,
    place = 0,
  ) {
    try {
      return this.#delete(key, options, waiter, place);
    } catch (error) {
      throw notApplied(error);
    }
  }

  // Object by object and field by field, without a spread or a closure: every operation pays for what happens here.

  #put(
    entry: { readonly key: EncodableTypes[K]; readonly value: EncodableTypes[V] },
    options: PutOptions,
    waiter: Waiter<WriteResult<DecodedTypes[V]>>,
    place: number,
  ): QuickWrite<WriteResult<DecodedTypes[V]>> {
    if (options !== this.#checkedPut) this.#checkedPut = checkNames(options, putOptionNames);
    const consistency = options.consistency ?? this.#options.consistency;
    const key = keyBytes(this.#keys, entry.key);
    const value = valueBytes(this.#values, entry.value);
    const put = {
      key,
      value,
      consistency: levelMessageOf(consistency),
      ttlMs: checkedTtlMs(options.ttlMs),
      omitPrevious: omitsPrevious(options),
      operationId: this.#nextOperationId(),
      stampAbove: 0,
      stampNotAfter: 0,
      ticket: undefined,
    };
    const quick = {
      key,
      bytes: operationOverheadBytes + key.length + value.length,
      timeoutMs: this.#timeoutMsOf(options),
      signal: checkedSignal(options.signal),
      waiter,
      place,
      consistency,
      put,
      delete: undefined,
      decode: this.#decodeWrite,
    };
    return new QuickWrite(quick, this.#ports);
  }

  #delete(
    rawKey: EncodableTypes[K],
    options: WriteOptions,
    waiter: Waiter<WriteResult<DecodedTypes[V]>>,
    place: number,
  ): QuickWrite<WriteResult<DecodedTypes[V]>> {
    if (options !== this.#checkedDelete) this.#checkedDelete = checkNames(options, writeOptionNames);
    const consistency = options.consistency ?? this.#options.consistency;
    const key = keyBytes(this.#keys, rawKey);
    const remove = {
      key,
      consistency: levelMessageOf(consistency),
      omitPrevious: omitsPrevious(options),
      operationId: this.#nextOperationId(),
      stampAbove: 0,
      stampNotAfter: 0,
      ticket: undefined,
    };
    const quick = {
      key,
      bytes: operationOverheadBytes + key.length,
      timeoutMs: this.#timeoutMsOf(options),
      signal: checkedSignal(options.signal),
      waiter,
      place,
      consistency,
      put: undefined,
      delete: remove,
      decode: this.#decodeWrite,
    };
    return new QuickWrite(quick, this.#ports);
  }

  #read<T>(
    { key: raw, decode, place }: ReadFacts<K, T>,
    options: ReadOptions,
    waiter: Waiter<T>,
  ): QuickRead<T> {
    if (options !== this.#checkedRead) this.#checkedRead = checkNames(options, readOptionNames);
    const key = keyBytes(this.#keys, raw);
    const quick = {
      key,
      bytes: operationOverheadBytes + key.length,
      timeoutMs: this.#timeoutMsOf(options),
      signal: checkedSignal(options.signal),
      waiter,
      place,
      consistency: levelMessageOf(options.consistency ?? this.#options.consistency),
      decode,
    };
    return new QuickRead(quick, this.#ports);
  }

  #timeoutMsOf({ timeoutMs }: CallerOptions): number {
    return timeoutMs === undefined ? this.#options.timeoutMs : checkedTimeoutMs(timeoutMs);
  }

  readonly #decodeValue = ({ found, value }: GetResponse): DecodedTypes[V] | undefined =>
    found ? this.#values.decode(value, 'value') : undefined;

  readonly #decodeEntry = (response: GetResponse): ValueEntry<DecodedTypes[V]> | undefined =>
    response.found ? valueEntryOf(this.#values, response) : undefined;

  readonly #decodeWrite = (response: PutResponse | DeleteResponse): WriteResult<DecodedTypes[V]> => ({
    version: versionOf(response.version, 'unknown'),
    previous: decodePrevious(response, this.#values),
  });
}

interface ReadFacts<K extends Encoding, T> {
  readonly key: EncodableTypes[K];
  readonly decode: (response: GetResponse) => T;
  readonly place: number;
}

function omitsPrevious({ previous = true }: WriteOptions): boolean {
  if (typeof previous !== 'boolean') throw new TypeError('previous: true or false is needed');
  return !previous;
}
