import { KvError } from '@kv/errors';

import { type Codec, codecFor, type Encoding } from './encodings.js';
import {
  keyBytesFormatMax,
  keyBytesMaxDefault,
  valueBytesFormatMax,
  valueBytesMaxDefault,
} from '../limits.js';
import { type EngineOptions, integer } from '../options.js';

export interface StoreOptions<
  KeyEncoding extends Encoding = 'utf8',
  ValueEncoding extends Encoding = 'utf8',
> extends Pick<
  EngineOptions,
  'durability' | 'durabilityIntervalMs' | 'snapshotIntervalMs' | 'memoryBytesMax' | 'damage'
> {
  /** Default `utf8`. */
  readonly keyEncoding?: KeyEncoding | undefined;
  /** Default `utf8`. */
  readonly valueEncoding?: ValueEncoding | undefined;
  /** Default 1,024, at most 65,535. */
  readonly keyBytesMax?: number | undefined;
  /** Default 16 MiB, at most 255 MiB. */
  readonly valueBytesMax?: number | undefined;
}

export interface ResolvedStoreOptions<KeyEncoding extends Encoding, ValueEncoding extends Encoding> {
  readonly keys: Codec<KeyEncoding>;
  readonly values: Codec<ValueEncoding>;
  readonly keyBytesMax: number;
  readonly valueBytesMax: number;
  readonly engine: Omit<EngineOptions, 'directory'>;
}

const known: ReadonlySet<string> = new Set([
  'durability',
  'durabilityIntervalMs',
  'snapshotIntervalMs',
  'memoryBytesMax',
  'damage',
  'keyEncoding',
  'valueEncoding',
  'keyBytesMax',
  'valueBytesMax',
] satisfies (keyof StoreOptions)[]);

/** The engine checks its own part when it opens. */
export function resolveStoreOptions<KeyEncoding extends Encoding, ValueEncoding extends Encoding>(
  options: StoreOptions<KeyEncoding, ValueEncoding>,
): ResolvedStoreOptions<KeyEncoding, ValueEncoding> {
  for (const name of Object.keys(options)) {
    // A misspelt durability must not become the default in silence.
    if (!known.has(name)) throw new KvError('invalid-argument', `${name}: no such option`);
  }
  const { durability, durabilityIntervalMs, snapshotIntervalMs, memoryBytesMax, damage } = options;
  return {
    keys: codecFor('keyEncoding', options.keyEncoding ?? ('utf8' as KeyEncoding)),
    values: codecFor('valueEncoding', options.valueEncoding ?? ('utf8' as ValueEncoding)),
    keyBytesMax: integer('keyBytesMax', options.keyBytesMax ?? keyBytesMaxDefault, {
      min: 1,
      max: keyBytesFormatMax,
    }),
    valueBytesMax: integer('valueBytesMax', options.valueBytesMax ?? valueBytesMaxDefault, {
      min: 1,
      max: valueBytesFormatMax,
    }),
    engine: { durability, durabilityIntervalMs, snapshotIntervalMs, memoryBytesMax, damage },
  };
}
