import type { DeleteResponse, GetResponse, PutResponse } from '@kv/proto';

import { beforeSending } from '../attempts/attempt-failure.js';
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
  type ConsistencyLevel,
  levelMessageOf,
  type PutOptions,
  type ReadOptions,
  type ResolvedOptions,
  type WriteOptions,
} from '../options.js';
import type { QuickOptions, Waiter } from '../quick/quick-operation.js';
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
    return beforeSending(() => {
      if (options !== defaultOptions) checkNames(options, putOptionNames);
      const consistency = options.consistency ?? this.#options.consistency;
      const fields = this.#writeFields(entry.key, options, consistency);
      const ttlMs = checkedTtlMs(options.ttlMs);
      const put = { ...fields, value: valueBytes(this.#values, entry.value), ttlMs };
      const quick = this.#quickOptions(put.key, options, { waiter, place, valueBytes: put.value.length });
      return new QuickWrite({ ...quick, consistency, put, decode: this.#decodeWrite }, this.#ports);
    });
  }

  delete(
    key: EncodableTypes[K],
    options: WriteOptions,
    waiter: Waiter<WriteResult<DecodedTypes[V]>>,
    place = 0,
  ) {
    return beforeSending(() => {
      if (options !== defaultOptions) checkNames(options, writeOptionNames);
      const consistency = options.consistency ?? this.#options.consistency;
      const fields = this.#writeFields(key, options, consistency);
      const quick = this.#quickOptions(fields.key, options, { waiter, place, valueBytes: 0 });
      return new QuickWrite(
        { ...quick, consistency, delete: fields, decode: this.#decodeWrite },
        this.#ports,
      );
    });
  }

  #read<T>({ key, decode, place }: ReadFacts<K, T>, options: ReadOptions, waiter: Waiter<T>): QuickRead<T> {
    if (options !== defaultOptions) checkNames(options, readOptionNames);
    const bytes = keyBytes(this.#keys, key);
    const consistency = levelMessageOf(options.consistency ?? this.#options.consistency);
    const quick = this.#quickOptions(bytes, options, { waiter, place, valueBytes: 0 });
    return new QuickRead({ ...quick, consistency, decode }, this.#ports);
  }

  #quickOptions<T>(
    key: Buffer,
    { signal, timeoutMs }: CallerOptions,
    { waiter, place, valueBytes: more }: WaiterFacts<T>,
  ): QuickOptions<T> {
    return {
      key,
      bytes: operationOverheadBytes + key.length + more,
      timeoutMs: timeoutMs === undefined ? this.#options.timeoutMs : checkedTimeoutMs(timeoutMs),
      signal: checkedSignal(signal),
      waiter,
      place,
    };
  }

  #writeFields(key: EncodableTypes[K], { previous = true }: WriteOptions, consistency: ConsistencyLevel) {
    if (typeof previous !== 'boolean') throw new TypeError('previous: true or false is needed');
    return {
      key: keyBytes(this.#keys, key),
      consistency: levelMessageOf(consistency),
      omitPrevious: !previous,
      operationId: this.#nextOperationId(),
      stampAbove: 0,
      stampNotAfter: 0,
      ticket: undefined,
    };
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

interface WaiterFacts<T> {
  readonly waiter: Waiter<T>;
  readonly place: number;
  readonly valueBytes: number;
}
