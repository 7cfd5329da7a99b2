import type { ScanOptions } from '../engine/engine.js';
import type { KeyView } from '../memory/key-view.js';
import { integer } from '../options.js';
import type { Clock, Timers } from '../ports.js';
import type { RecordView } from '../record/record.js';
import type { Decoded, Encodable, Encoding } from './encodings.js';
import type { RangeOptions } from './store.js';
import type { StoreCodecs } from './store-codecs.js';
import { createEntries, type Entries } from './store-entries.js';

export interface RangeReaderParts<KeyEncoding extends Encoding, ValueEncoding extends Encoding> {
  readonly codecs: StoreCodecs<KeyEncoding, ValueEncoding>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Called when an iteration begins: its moment. */
  readonly open: (scan: ScanOptions) => KeyView;
}

/** The ranges of a store, or of a view. */
export class RangeReader<KeyEncoding extends Encoding, ValueEncoding extends Encoding> {
  readonly #parts: RangeReaderParts<KeyEncoding, ValueEncoding>;

  constructor(parts: RangeReaderParts<KeyEncoding, ValueEncoding>) {
    this.#parts = parts;
  }

  entries(
    range: RangeOptions<Encodable[KeyEncoding]> = {},
  ): Entries<[key: Decoded[KeyEncoding], value: Decoded[ValueEncoding]]> {
    const { codecs } = this.#parts;
    return this.#each(range, ({ key, value }) => [codecs.decodeKey(key), codecs.decodeValue(value)]);
  }

  keys(range: RangeOptions<Encodable[KeyEncoding]> = {}): Entries<Decoded[KeyEncoding]> {
    return this.#each(range, ({ key }) => this.#parts.codecs.decodeKey(key));
  }

  values(range: RangeOptions<Encodable[KeyEncoding]> = {}): Entries<Decoded[ValueEncoding]> {
    return this.#each(range, ({ value }) => this.#parts.codecs.decodeValue(value));
  }

  #each<Item>(
    range: RangeOptions<Encodable[KeyEncoding]>,
    item: (record: RecordView) => Item,
  ): Entries<Item> {
    const { open, clock, timers } = this.#parts;
    const { limit } = range;
    const scan = this.#scanOf(range);
    return createEntries({
      open: () => open(scan),
      item,
      limit:
        limit === undefined || limit === Infinity
          ? Infinity
          : integer('limit', limit, { min: 0, max: Number.MAX_SAFE_INTEGER }),
      clock,
      timers,
    });
  }

  #scanOf({ prefix, gt, gte, lt, lte, reverse }: RangeOptions<Encodable[KeyEncoding]>): ScanOptions {
    const { codecs } = this.#parts;
    return {
      prefix: codecs.encodeBound(prefix),
      after: codecs.encodeBound(gt),
      from: codecs.encodeBound(gte),
      before: codecs.encodeBound(lt),
      through: codecs.encodeBound(lte),
      reverse,
    };
  }
}
