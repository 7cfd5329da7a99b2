import { KvError } from '@kv/errors';
import { maxTimestamp, physicalMs, type Timestamp, timestampOf, zeroTimestamp } from '@kv/hlc';

import { encodeRecord } from '../record/encode-record.js';
import type { EngineStats, RefusalCode, StorageEngine } from '../engine/engine.js';
import type { Decoded, Encodable, Encoding } from './encodings.js';
import { ttlMsMax } from '../limits.js';
import { integer } from '../options.js';
import type { Clock, Timers } from '../ports.js';
import { isExpired, readRecord, type RecordView } from '../record/record.js';
import type { BatchOperation, KvStore, PutOptions, RangeOptions } from './store.js';
import { createEntries, type Entries, type LiveRange, liveRecords } from './store-entries.js';
import type { ResolvedStoreOptions } from './store-options.js';

/** The engine with encodings, a clock and one writer: versions only grow, in the order of the calls. */
export class EmbeddedStore<KeyEncoding extends Encoding, ValueEncoding extends Encoding> implements KvStore<
  KeyEncoding,
  ValueEncoding
> {
  readonly #engine: StorageEngine;
  readonly #options: ResolvedStoreOptions<KeyEncoding, ValueEncoding>;
  readonly #clock: Clock;
  readonly #timers: Timers;
  #newest: Timestamp;

  constructor(
    engine: StorageEngine,
    options: ResolvedStoreOptions<KeyEncoding, ValueEncoding>,
    ports: { readonly clock: Clock; readonly timers: Timers },
  ) {
    this.#engine = engine;
    this.#options = options;
    this.#clock = ports.clock;
    this.#timers = ports.timers;
    this.#newest = engine.newestTimestamp;
  }

  get(key: Encodable[KeyEncoding]): Decoded[ValueEncoding] | undefined {
    const record = this.#live(key);
    return record === undefined ? undefined : this.#options.values.decode(record.value, 'value');
  }

  getMany(keys: readonly Encodable[KeyEncoding][]): (Decoded[ValueEncoding] | undefined)[] {
    return keys.map((key) => this.get(key));
  }

  has(key: Encodable[KeyEncoding]): boolean {
    return this.#live(key) !== undefined;
  }

  put(
    key: Encodable[KeyEncoding],
    value: Encodable[ValueEncoding],
    { ttlMs }: PutOptions = {},
  ): Promise<void> {
    return this.batch([{ type: 'put', key, value, ttlMs }]);
  }

  delete(key: Encodable[KeyEncoding]): Promise<void> {
    return this.batch([{ type: 'delete', key }]);
  }

  batch(
    operations: readonly BatchOperation<Encodable[KeyEncoding], Encodable[ValueEncoding]>[],
  ): Promise<void> {
    const done = this.#write(operations);
    // Whoever does not look at the promise does not want to be ended by it.
    done.catch(() => undefined);
    return done;
  }

  entries(
    range: RangeOptions<Encodable[KeyEncoding]> = {},
  ): Entries<[key: Decoded[KeyEncoding], value: Decoded[ValueEncoding]]> {
    const { keys, values } = this.#options;
    return this.#each(range, (record) => [
      keys.decode(record.key, 'key'),
      values.decode(record.value, 'value'),
    ]);
  }

  keys(range: RangeOptions<Encodable[KeyEncoding]> = {}): Entries<Decoded[KeyEncoding]> {
    return this.#each(range, (record) => this.#options.keys.decode(record.key, 'key'));
  }

  values(range: RangeOptions<Encodable[KeyEncoding]> = {}): Entries<Decoded[ValueEncoding]> {
    return this.#each(range, (record) => this.#options.values.decode(record.value, 'value'));
  }

  snapshot(): Promise<void> {
    return this.#engine.snapshot();
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

  #live(key: Encodable[KeyEncoding]): RecordView | undefined {
    const record = this.#engine.get(this.#encodeKey(key))?.record;
    if (record === undefined || record.tombstone || isExpired(record, this.#clock.nowMs())) return undefined;
    return record;
  }

  /** Everything up to the first wait happens before the call returns: that is what makes later reads see it. */
  async #write(
    operations: readonly BatchOperation<Encodable[KeyEncoding], Encodable[ValueEncoding]>[],
  ): Promise<void> {
    if (!isArray(operations)) throw new TypeError('batch must be given an array');
    const records = operations.map((operation, index) =>
      readRecord(this.#encode(operation, { batchContinues: index < operations.length - 1 })),
    );
    const results = this.#engine.apply(records);
    // All records of a batch share its fate, and the last one's position is that of the whole.
    const last = results.at(-1);
    if (last?.kind === 'refused') throw refusalOf(last.code);
    if (last !== undefined) await this.#engine.durable(last.position);
  }

  #encode(
    operation: BatchOperation<Encodable[KeyEncoding], Encodable[ValueEncoding]>,
    { batchContinues }: { readonly batchContinues: boolean },
  ): Uint8Array {
    const key = this.#encodeKey(operation.key);
    switch (operation.type) {
      case 'put': {
        const value = this.#options.values.encode(operation.value, 'value');
        refuseLonger('value', value, this.#options.valueBytesMax);
        const { ttlMs } = operation;
        const expiresAtMs =
          ttlMs === undefined
            ? 0
            : Math.floor(this.#clock.nowMs()) + integer('ttlMs', ttlMs, { min: 1, max: ttlMsMax });
        return encodeRecord({ key, value, version: this.#nextVersion(), expiresAtMs, batchContinues });
      }
      case 'delete':
        return encodeRecord({
          key,
          value: new Uint8Array(0),
          version: this.#nextVersion(),
          tombstone: true,
          batchContinues,
        });
      default:
        throw new KvError('invalid-argument', "type: an operation of a batch is 'put' or 'delete'");
    }
  }

  #encodeKey(key: Encodable[KeyEncoding]): Uint8Array {
    const bytes = this.#options.keys.encode(key, 'key');
    refuseLonger('key', bytes, this.#options.keyBytesMax);
    return bytes;
  }

  /** Above every version before, also when the clock was set back. */
  #nextVersion(): { readonly timestamp: Timestamp; readonly node: number } {
    if (this.#newest >= maxTimestamp) throw new KvError('internal', 'there is no later version left');
    const now = timestampOf(Math.max(this.#clock.nowMs(), physicalMs(zeroTimestamp)));
    this.#newest = now > this.#newest ? now : ((this.#newest + 1) as Timestamp);
    return { timestamp: this.#newest, node: 0 };
  }

  #each<Item>(
    range: RangeOptions<Encodable[KeyEncoding]>,
    item: (record: RecordView) => Item,
  ): Entries<Item> {
    const live = this.#rangeOf(range);
    const [engine, clock] = [this.#engine, this.#clock];
    return createEntries(function* () {
      for (const record of liveRecords(engine, clock, live)) yield item(record);
    }, this.#timers);
  }

  #rangeOf(range: RangeOptions<Encodable[KeyEncoding]>): LiveRange {
    const { prefix, gt, gte, lt, lte, reverse, limit } = range;
    const bound = (key: Encodable[KeyEncoding] | undefined): Uint8Array | undefined =>
      key === undefined ? undefined : new Uint8Array(this.#options.keys.encode(key, 'key'));
    return {
      prefix: bound(prefix),
      after: bound(gt),
      from: bound(gte),
      before: bound(lt),
      through: bound(lte),
      reverse,
      limit:
        limit === undefined || limit === Infinity
          ? Infinity
          : integer('limit', limit, { min: 0, max: Number.MAX_SAFE_INTEGER }),
    };
  }
}

function refuseLonger(role: 'key' | 'value', bytes: Uint8Array, bytesMax: number): void {
  if (bytes.length <= bytesMax) return;
  throw new KvError(
    'invalid-argument',
    `a ${role} of ${bytes.length} bytes exceeds ${role}BytesMax ${bytesMax}`,
    {
      outcome: 'not-applied',
    },
  );
}

const isArray: (value: unknown) => boolean = Array.isArray;

function refusalOf(code: RefusalCode): KvError {
  return new KvError(code, refusals[code], { outcome: 'not-applied' });
}

const refusals: Readonly<Record<RefusalCode, string>> = {
  'memory-full': 'the store holds as many bytes as memoryBytesMax allows: delete something, or raise it',
  'disk-full': 'the disk is full: reads go on, writes are taken again once there is room',
  corrupt: 'the key belongs to a partition that may have lost records: it is neither read nor written',
  closed: 'the store was closed',
  internal: 'the disk failed: nothing is acknowledged any more, close and open again',
};
