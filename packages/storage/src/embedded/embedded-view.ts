import { KvError } from '@kv/errors';

import type { LocalEngine } from '../engine/local-engine.js';
import type { Found, Moment } from '../memory/moment.js';
import type { Clock, Timers } from '../ports.js';
import type { Decoded, Encodable, Encoding } from './encodings.js';
import { RangeReader } from './range-reader.js';
import type { KvView, RangeOptions } from './store.js';
import type { StoreCodecs } from './store-codecs.js';
import type { Entries } from './store-entries.js';

/** A moment of the engine with encodings and a clock. */
export class EmbeddedView<KeyEncoding extends Encoding, ValueEncoding extends Encoding> implements KvView<
  KeyEncoding,
  ValueEncoding
> {
  readonly #engine: LocalEngine;
  readonly #codecs: StoreCodecs<KeyEncoding, ValueEncoding>;
  readonly #clock: Clock;
  readonly #ranges: RangeReader<KeyEncoding, ValueEncoding>;
  #moment: Moment | undefined;

  constructor(
    engine: LocalEngine,
    codecs: StoreCodecs<KeyEncoding, ValueEncoding>,
    ports: { readonly clock: Clock; readonly timers: Timers },
  ) {
    this.#engine = engine;
    this.#codecs = codecs;
    this.#clock = ports.clock;
    this.#ranges = new RangeReader({
      codecs,
      ...ports,
      open: (scan) => engine.viewAt(this.#opened(), scan),
    });
    this.#moment = engine.moment();
    this.#moment.retain();
  }

  get(key: Encodable[KeyEncoding]): Decoded[ValueEncoding] | undefined {
    const found = this.#find(key);
    return found === undefined ? undefined : this.#codecs.decodeValueAt(found.memory, found.location);
  }

  getMany(keys: readonly Encodable[KeyEncoding][]): (Decoded[ValueEncoding] | undefined)[] {
    return keys.map((key) => this.get(key));
  }

  has(key: Encodable[KeyEncoding]): boolean {
    return this.#find(key) !== undefined;
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

  close(): void {
    this.#moment?.release();
    this.#moment = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #find(key: Encodable[KeyEncoding]): Found | undefined {
    this.#codecs.loadKey(key, this.#engine.memory);
    const found = this.#engine.findLoadedAt(this.#opened());
    if (found === undefined) return undefined;
    const expiresAtMs = found.memory.expiryAt(found.location);
    return expiresAtMs !== 0 && expiresAtMs <= this.#clock.nowMs() ? undefined : found;
  }

  #opened(): Moment {
    if (this.#moment === undefined) throw new KvError('closed', 'the view was closed');
    return this.#moment;
  }
}
