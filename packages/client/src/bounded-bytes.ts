import { KvError } from '@kv/errors';

import { asBuffer, type Codec, codecOf, type EncodableTypes, type Encoding } from './encoding.js';
import { keyBytesMax, valueBytesMax } from './limits.js';

/** The key's bytes, 1 to 1,024 of them. */
export function keyBytes<K extends Encoding>(codec: Codec<K>, key: EncodableTypes[K]): Buffer {
  const bytes = codec.encode(key, 'key');
  if (bytes.length > 0) return bounded(bytes, { subject: 'key', max: keyBytesMax });
  throw new KvError('invalid-argument', 'the key is empty');
}

/** The value's bytes, up to a mebibyte. */
export function valueBytes<V extends Encoding>(codec: Codec<V>, value: EncodableTypes[V]): Buffer {
  return bounded(codec.encode(value, 'value'), { subject: 'value', max: valueBytesMax });
}

/** What keys begin with: text or bytes whatever their encoding, and empty for all. */
export function prefixBytes(prefix: string | Uint8Array): Buffer {
  return bounded(codecOf('binary').encode(prefix, 'prefix'), { subject: 'prefix', max: keyBytesMax });
}

function bounded(
  bytes: Uint8Array,
  { subject, max }: { readonly subject: string; readonly max: number },
): Buffer {
  if (bytes.length <= max) return asBuffer(bytes);
  throw new KvError('invalid-argument', `the ${subject} has ${bytes.length} bytes, ${max} are allowed`);
}
