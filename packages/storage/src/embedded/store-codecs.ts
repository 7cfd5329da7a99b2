import type { ReadableMemory } from '../memory/readable-memory.js';
import { bytesOf, type Codec, type Decoded, type Encodable, type Encoding } from './encodings.js';
import { refuseLonger } from './refusals.js';
import type { ResolvedStoreOptions } from './store-options.js';

/** Between what a store's caller sees and bytes, within the limits. */
export class StoreCodecs<KeyEncoding extends Encoding, ValueEncoding extends Encoding> {
  readonly #keys: Codec<KeyEncoding>;
  readonly #values: Codec<ValueEncoding>;
  readonly #keyBytesMax: number;
  readonly #valueBytesMax: number;

  constructor({
    keys,
    values,
    keyBytesMax,
    valueBytesMax,
  }: ResolvedStoreOptions<KeyEncoding, ValueEncoding>) {
    this.#keys = keys;
    this.#values = values;
    this.#keyBytesMax = keyBytesMax;
    this.#valueBytesMax = valueBytesMax;
  }

  /**
   * Lays a key out in the memory, for what is done with it next. An encoding may call the application, which may use the store:
   * whatever else is encoded comes before.
   */
  loadKey(key: Encodable[KeyEncoding], { key: into }: ReadableMemory): void {
    const plain = this.#keys.plain(key, 'key');
    if (typeof plain === 'string' && plain.length <= this.#keyBytesMax && into.loadText(plain)) return;
    const bytes = bytesOf(plain, 'key');
    if (bytes.length > this.#keyBytesMax) refuseLonger('key', bytes, this.#keyBytesMax);
    into.load(bytes);
  }

  /** A copy, of any length: one end of a range is no key of a record. */
  encodeBound(key: Encodable[KeyEncoding] | undefined): Uint8Array | undefined {
    return key === undefined ? undefined : new Uint8Array(bytesOf(this.#keys.plain(key, 'key'), 'key'));
  }

  encodeValue(value: Encodable[ValueEncoding]): Uint8Array {
    const bytes = bytesOf(this.#values.plain(value, 'value'), 'value');
    if (bytes.length > this.#valueBytesMax) refuseLonger('value', bytes, this.#valueBytesMax);
    return bytes;
  }

  decodeKey(key: Uint8Array): Decoded[KeyEncoding] {
    return this.#keys.decode(key, 0, key.length, 'key');
  }

  decodeValue(value: Uint8Array): Decoded[ValueEncoding] {
    return this.#values.decode(value, 0, value.length, 'value');
  }

  /** Straight from where the record lies. */
  decodeValueAt(memory: ReadableMemory, location: number): Decoded[ValueEncoding] {
    if (this.#values.givesViews) memory.hold(location);
    const start = memory.valueStartAt(location);
    const end = start + memory.valueBytesAt(location);
    return this.#values.decode(memory.bytesAt(location), start, end, 'value');
  }
}
