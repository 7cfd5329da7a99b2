import { KvError } from '@kv/errors';
import { maxTimestamp, physicalMs, type Timestamp, timestampOf, zeroTimestamp } from '@kv/hlc';

import { refuseTooLong } from '../engine/apply-records.js';
import type { EngineStats } from '../engine/engine.js';
import type { LocalEngine } from '../engine/local-engine.js';
import { stampsPerReading, ttlMsMax } from '../limits.js';
import type { SegmentedMemory } from '../memory/segmented-memory.js';
import { fetchedAhead } from '../memory/fetch-ahead.js';
import { KeyList } from '../memory/key-list.js';
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

/** A mutation whose every part was checked; the key is kept in a list, at the same index. */
interface Mutation {
  readonly value: Uint8Array;
  /** Unix milliseconds; 0 = never. */
  readonly expiresAtMs: number;
  readonly flags: number;
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
  /** Undefined while it is in use. */
  #keyList: KeyList | undefined = new KeyList();
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
    this.#codecs.loadKey(key, this.#memory);
    return this.#valueOfLoaded();
  }

  getMany(keys: readonly Encodable[KeyEncoding][]): (Decoded[ValueEncoding] | undefined)[] {
    const values: (Decoded[ValueEncoding] | undefined)[] = [];
    this.#withKeyList((list) => {
      for (let start = 0; start < keys.length; start += fetchedAhead) {
        const count = Math.min(fetchedAhead, keys.length - start);
        list.clear();
        for (let index = 0; index < count; index += 1) this.#memory.ahead.text(keys[start + index]);
        for (let index = 0; index < count; index += 1) this.#list(keys[start + index]!, list);
        this.#fetchAhead(list, 0, count);
        for (let index = 0; index < count; index += 1) {
          list.restore(index, this.#memory.key);
          values.push(this.#valueOfLoaded());
        }
      }
    });
    return values;
  }

  has(key: Encodable[KeyEncoding]): boolean {
    this.#codecs.loadKey(key, this.#memory);
    return this.#findLoaded() !== 0;
  }

  put(key: Encodable[KeyEncoding], value: Encodable[ValueEncoding], options?: PutOptions): Promise<void> {
    try {
      const bytes = this.#codecs.encodeValue(value);
      const expiresAtMs = this.#expiryOf(options?.ttlMs);
      this.#codecs.loadKey(key, this.#memory);
      this.#appendLoaded(bytes, expiresAtMs, 0);
    } catch (error) {
      return quietRejection(error);
    }
    return this.#engine.written();
  }

  delete(key: Encodable[KeyEncoding]): Promise<void> {
    try {
      this.#codecs.loadKey(key, this.#memory);
      this.#appendLoaded(nothing, 0, tombstoneFlag);
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
      if (operations.length === 0) return Promise.resolve();
      this.#withKeyList((keys) => {
        // Everything is checked before anything is done.
        const mutations = operations.map((operation, index) => {
          if (index % fetchedAhead === 0) {
            const end = Math.min(index + fetchedAhead, operations.length);
            for (let next = index; next < end; next += 1) this.#memory.ahead.text(operations[next]!.key);
          }
          return this.#checked(operation, keys);
        });
        this.#admit(mutations, keys);
        this.#appendAll(mutations, keys);
      });
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

  #valueOfLoaded(): Decoded[ValueEncoding] | undefined {
    const location = this.#findLoaded();
    return location === 0 ? undefined : this.#codecs.decodeValueAt(this.#memory, location);
  }

  /** @returns the location of the record of the key that is loaded, 0 if there is none, or it has expired */
  #findLoaded(): number {
    const location = this.#engine.findLoaded();
    if (location === 0) return 0;
    const expiresAtMs = this.#memory.expiryAt(location);
    return expiresAtMs !== 0 && expiresAtMs <= this.#clock.nowMs() ? 0 : location;
  }

  #appendLoaded(value: Uint8Array, expiresAtMs: number, flags: number): void {
    const { key } = this.#memory;
    const refusal = this.#engine.refusalOf(key.hash);
    if (refusal !== undefined) throw refusalOf(refusal);
    if (flags === 0) {
      const bytes = recordBytesOf(value, expiresAtMs, key.bytes);
      if (!this.#engine.isRoomyFor(bytes)) this.#makeRoom(bytes, this.#presentBytes());
    }
    this.#stamp(value, expiresAtMs, flags);
  }

  /** As one batch. */
  #appendAll(mutations: readonly Mutation[], keys: KeyList): void {
    const last = mutations.length - 1;
    for (let index = 0; index <= last; index += 1) {
      if (index % fetchedAhead === 0) {
        this.#fetchAhead(keys, index, Math.min(index + fetchedAhead, last + 1));
      }
      keys.restore(index, this.#memory.key);
      const { value, expiresAtMs, flags } = mutations[index]!;
      this.#stamp(value, expiresAtMs, index < last ? flags | batchContinuesFlag : flags);
    }
  }

  /** Appends a record of the key that is loaded. */
  #stamp(value: Uint8Array, expiresAtMs: number, flags: number): void {
    this.#memory.putLoaded(value, this.#nextVersion(), expiresAtMs, flags);
    if (expiresAtMs !== 0) this.#engine.expiryNoted();
  }

  /** @throws KvError if any of them may not be taken in */
  #admit(mutations: readonly Mutation[], keys: KeyList): void {
    let bytes = 0;
    for (let index = 0; index < mutations.length; index += 1) {
      const { value, expiresAtMs } = mutations[index]!;
      bytes += recordBytesOf(value, expiresAtMs, keys.bytesOf(index));
    }
    refuseTooLong(bytes);
    for (let index = 0; index < mutations.length; index += 1) {
      const refusal = this.#engine.refusalOf(keys.hashOf(index));
      if (refusal !== undefined) throw refusalOf(refusal);
    }
    // Deletes must get through: they are how memory is freed.
    if (mutations.every(({ flags }) => flags === tombstoneFlag)) return;
    if (this.#engine.isRoomyFor(bytes)) return;
    let replaced = 0;
    for (let index = 0; index < mutations.length; index += 1) {
      keys.restore(index, this.#memory.key);
      replaced += this.#presentBytes();
    }
    this.#makeRoom(bytes, replaced);
  }

  #makeRoom(bytes: number, replaced: number): void {
    if (!this.#engine.fits(bytes, bytes - replaced)) throw refusalOf('memory-full');
  }

  /** Of the record of the key that is loaded. */
  #presentBytes(): number {
    const present = this.#memory.findLoaded();
    return present === 0 ? 0 : this.#memory.lengthAt(present);
  }

  #checked(
    operation: BatchOperation<Encodable[KeyEncoding], Encodable[ValueEncoding]>,
    keys: KeyList,
  ): Mutation {
    switch (operation.type) {
      case 'put': {
        const value = this.#codecs.encodeValue(operation.value);
        const expiresAtMs = this.#expiryOf(operation.ttlMs);
        this.#list(operation.key, keys);
        return { value, expiresAtMs, flags: 0 };
      }
      case 'delete':
        this.#list(operation.key, keys);
        return deletion;
      default:
        throw new KvError('invalid-argument', "type: an operation of a batch is 'put' or 'delete'");
    }
  }

  #list(key: Encodable[KeyEncoding], keys: KeyList): void {
    this.#codecs.loadKey(key, this.#memory);
    keys.add(this.#memory.key);
  }

  /** At most as many as are fetched ahead at a time. */
  #fetchAhead(keys: KeyList, start: number, end: number): void {
    const { ahead } = this.#memory;
    for (let index = start; index < end; index += 1) ahead.add(keys.hashOf(index));
    ahead.fetch();
  }

  /** Encoding may call the application, and that the store: so each call has a list of its own. */
  #withKeyList(use: (keys: KeyList) => void): void {
    const keys = this.#keyList ?? new KeyList();
    this.#keyList = undefined;
    try {
      use(keys);
    } finally {
      keys.clear();
      this.#keyList = keys;
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
const deletion: Mutation = { value: nothing, expiresAtMs: 0, flags: tombstoneFlag };

function recordBytesOf(value: Uint8Array, expiresAtMs: number, keyBytes: number): number {
  return recordBytes(expiresAtMs === 0 ? 0 : expiryFlag, keyBytes, value.length);
}

const isArray: (value: unknown) => boolean = Array.isArray;
