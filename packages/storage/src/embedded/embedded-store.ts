import { KvError } from '@kv/errors';
import { maxTimestamp, physicalMs, type Timestamp, timestampOf, zeroTimestamp } from '@kv/hlc';

import { refuseTooLong } from '../engine/apply-records.js';
import type { EngineStats } from '../engine/engine.js';
import type { LocalEngine } from '../engine/local-engine.js';
import { stampsPerReading, ttlMsMax } from '../limits.js';
import type { SegmentedMemory } from '../memory/segmented-memory.js';
import { fetchedAhead } from '../memory/fetch-ahead.js';
import { integer } from '../options.js';
import type { Clock, Timers } from '../ports.js';
import { batchContinuesFlag, expiryFlag, recordBytes, tombstoneFlag } from '../record/record-layout.js';
import type { Decoded, Encodable, Encoding } from './encodings.js';
import { EmbeddedView } from './embedded-view.js';
import { RangeReader } from './range-reader.js';
import { quietRejection, refusalOf } from './refusals.js';
import type { BatchOperation, KvStore, KvView, PutOptions, RangeOptions } from './store.js';
import { StoreCodecs } from './store-codecs.js';
import type { Entries } from './store-entries.js';
import type { ResolvedStoreOptions } from './store-options.js';

/** A mutation whose every part was checked. */
interface Mutation {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  /** Unix milliseconds; 0 = never. */
  readonly expiresAtMs: number;
  readonly flags: number;
  /** Known once it was admitted. */
  keyHash: number;
}

/** The engine with encodings, a clock and one writer: versions only grow, in the order of the calls. */
export class EmbeddedStore<KeyEncoding extends Encoding, ValueEncoding extends Encoding> implements KvStore<
  KeyEncoding,
  ValueEncoding
> {
  readonly #engine: LocalEngine;
  readonly #memory: SegmentedMemory;
  readonly #codecs: StoreCodecs<KeyEncoding, ValueEncoding>;
  readonly #ranges: RangeReader<KeyEncoding, ValueEncoding>;
  readonly #ports: { readonly clock: Clock; readonly timers: Timers };
  readonly #clock: Clock;
  #newest: number;
  #stampsLeft = 0;

  constructor(
    engine: LocalEngine,
    options: ResolvedStoreOptions<KeyEncoding, ValueEncoding>,
    ports: { readonly clock: Clock; readonly timers: Timers },
  ) {
    this.#engine = engine;
    this.#memory = engine.memory;
    this.#codecs = new StoreCodecs(options);
    this.#ranges = new RangeReader({
      codecs: this.#codecs,
      ...ports,
      open: (scan) => engine.viewAt(engine.moment(), scan),
    });
    this.#ports = ports;
    this.#clock = ports.clock;
    this.#newest = engine.newestTimestamp;
  }

  get(key: Encodable[KeyEncoding]): Decoded[ValueEncoding] | undefined {
    return this.#valueOf(this.#codecs.encodeKey(key));
  }

  getMany(keys: readonly Encodable[KeyEncoding][]): (Decoded[ValueEncoding] | undefined)[] {
    const { ahead } = this.#memory;
    const values: (Decoded[ValueEncoding] | undefined)[] = [];
    for (let start = 0; start < keys.length; start += fetchedAhead) {
      const next = keys.slice(start, start + fetchedAhead).map((key) => this.#codecs.encodeKey(key));
      for (const key of next) ahead.add(this.#memory.loadKey(key));
      ahead.fetch();
      for (const key of next) values.push(this.#valueOf(key));
    }
    return values;
  }

  has(key: Encodable[KeyEncoding]): boolean {
    return this.#find(this.#codecs.encodeKey(key)) !== 0;
  }

  put(key: Encodable[KeyEncoding], value: Encodable[ValueEncoding], options?: PutOptions): Promise<void> {
    try {
      const keyBytes = this.#codecs.encodeKey(key);
      const valueBytes = this.#codecs.encodeValue(value);
      this.#append(keyBytes, valueBytes, this.#expiryOf(options?.ttlMs), 0);
    } catch (error) {
      return quietRejection(error);
    }
    return this.#engine.written();
  }

  delete(key: Encodable[KeyEncoding]): Promise<void> {
    try {
      this.#append(this.#codecs.encodeKey(key), nothing, 0, tombstoneFlag);
    } catch (error) {
      return quietRejection(error);
    }
    return this.#engine.written();
  }

  batch(
    operations: readonly BatchOperation<Encodable[KeyEncoding], Encodable[ValueEncoding]>[],
  ): Promise<void> {
    try {
      if (!isArray(operations)) throw new TypeError('batch must be given an array');
      // Everything is checked before anything is done.
      const mutations = operations.map((operation) => this.#checked(operation));
      if (mutations.length === 0) return Promise.resolve();
      this.#admit(mutations);
      this.#appendAll(mutations);
    } catch (error) {
      return quietRejection(error);
    }
    return this.#engine.written();
  }

  entries(
    range?: RangeOptions<Encodable[KeyEncoding]>,
  ): Entries<[key: Decoded[KeyEncoding], value: Decoded[ValueEncoding]]> {
    return this.#ranges.entries(range);
  }

  keys(range?: RangeOptions<Encodable[KeyEncoding]>): Entries<Decoded[KeyEncoding]> {
    return this.#ranges.keys(range);
  }

  values(range?: RangeOptions<Encodable[KeyEncoding]>): Entries<Decoded[ValueEncoding]> {
    return this.#ranges.values(range);
  }

  view(): KvView<KeyEncoding, ValueEncoding> {
    return new EmbeddedView(this.#engine, this.#codecs, this.#ports);
  }

  snapshot(): Promise<void> {
    return this.#engine.snapshot();
  }

  backup(directory: string): Promise<void> {
    return this.#engine.backup(directory);
  }

  stats(): EngineStats {
    return this.#engine.stats();
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #valueOf(key: Uint8Array): Decoded[ValueEncoding] | undefined {
    const location = this.#find(key);
    return location === 0 ? undefined : this.#codecs.decodeValueAt(this.#memory, location);
  }

  /** @returns the location of the key's record, 0 if there is none, or it has expired */
  #find(key: Uint8Array): number {
    const location = this.#engine.find(key);
    if (location === 0) return 0;
    const expiresAtMs = this.#memory.expiryAt(location);
    return expiresAtMs !== 0 && expiresAtMs <= this.#clock.nowMs() ? 0 : location;
  }

  #append(key: Uint8Array, value: Uint8Array, expiresAtMs: number, flags: number): void {
    const refusal = this.#engine.refusalOf(this.#memory.loadKey(key));
    if (refusal !== undefined) throw refusalOf(refusal);
    if (flags === 0) {
      const bytes = recordBytes(expiresAtMs === 0 ? 0 : expiryFlag, key.length, value.length);
      if (!this.#engine.isRoomyFor(bytes)) this.#makeRoom([{ key, value, expiresAtMs, flags, keyHash: 0 }]);
    }
    this.#stamp(value, expiresAtMs, flags);
  }

  /** As one batch. */
  #appendAll(mutations: readonly Mutation[]): void {
    const { ahead } = this.#memory;
    const last = mutations.length - 1;
    for (let index = 0; index <= last; index += 1) {
      if (index % fetchedAhead === 0) {
        const end = Math.min(index + fetchedAhead, last + 1);
        for (let next = index; next < end; next += 1) ahead.add(mutations[next]!.keyHash);
        ahead.fetch();
      }
      const { key, value, expiresAtMs, flags } = mutations[index]!;
      this.#memory.loadKey(key);
      this.#stamp(value, expiresAtMs, index < last ? flags | batchContinuesFlag : flags);
    }
  }

  /** Appends a record of the key that is loaded. */
  #stamp(value: Uint8Array, expiresAtMs: number, flags: number): void {
    this.#memory.putLoaded(value, this.#nextVersion(), expiresAtMs, flags);
    if (expiresAtMs !== 0) this.#engine.expiryNoted();
  }

  /** @throws KvError if any of them may not be taken in */
  #admit(mutations: readonly Mutation[]): void {
    refuseTooLong(bytesOf(mutations));
    for (const mutation of mutations) {
      mutation.keyHash = this.#memory.loadKey(mutation.key);
      const refusal = this.#engine.refusalOf(mutation.keyHash);
      if (refusal !== undefined) throw refusalOf(refusal);
    }
    // Deletes must get through: they are how memory is freed.
    if (mutations.every(({ flags }) => flags === tombstoneFlag)) return;
    if (!this.#engine.isRoomyFor(bytesOf(mutations))) this.#makeRoom(mutations);
  }

  #makeRoom(mutations: readonly Mutation[]): void {
    let replaced = 0;
    for (const { key } of mutations) {
      const present = this.#memory.find(key);
      if (present !== 0) replaced += this.#memory.lengthAt(present);
    }
    const bytes = bytesOf(mutations);
    if (!this.#engine.fits(bytes, bytes - replaced)) throw refusalOf('memory-full');
    // Of the last one, for whoever appends next.
    this.#memory.loadKey(mutations.at(-1)!.key);
  }

  #checked(operation: BatchOperation<Encodable[KeyEncoding], Encodable[ValueEncoding]>): Mutation {
    const key = this.#codecs.encodeKey(operation.key);
    switch (operation.type) {
      case 'put': {
        const value = this.#codecs.encodeValue(operation.value);
        return { key, value, expiresAtMs: this.#expiryOf(operation.ttlMs), flags: 0, keyHash: 0 };
      }
      case 'delete':
        return { key, value: nothing, expiresAtMs: 0, flags: tombstoneFlag, keyHash: 0 };
      default:
        throw new KvError('invalid-argument', "type: an operation of a batch is 'put' or 'delete'");
    }
  }

  #expiryOf(ttlMs: number | undefined): number {
    if (ttlMs === undefined) return 0;
    return Math.floor(this.#clock.nowMs()) + integer('ttlMs', ttlMs, { min: 1, max: ttlMsMax });
  }

  /** Above every version before, also when the clock was set back. Only order matters here: the clock is read now and then. */
  #nextVersion(): number {
    if (this.#newest >= maxTimestamp) throw new KvError('internal', 'there is no later version left');
    this.#newest += 1;
    if (this.#stampsLeft > 0 && this.#memory.untakenBytes > 0) {
      this.#stampsLeft -= 1;
      return this.#newest;
    }
    this.#stampsLeft = stampsPerReading;
    const now: Timestamp = timestampOf(Math.max(this.#clock.nowMs(), physicalMs(zeroTimestamp)));
    if (now > this.#newest) this.#newest = now;
    return this.#newest;
  }
}

const nothing = new Uint8Array(0);

function bytesOf(mutations: readonly Mutation[]): number {
  return mutations.reduce(
    (sum, { key, value, expiresAtMs }) =>
      sum + recordBytes(expiresAtMs === 0 ? 0 : expiryFlag, key.length, value.length),
    0,
  );
}

const isArray: (value: unknown) => boolean = Array.isArray;
