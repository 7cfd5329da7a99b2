/** Keys end to end, each behind its length: two bytes, little-endian. */
import { KvError } from '@kv/errors';

export function fromKeys(keys: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const key of keys) length += 2 + key.length;
  const bytes = Buffer.allocUnsafe(length);
  let offset = 0;
  for (const key of keys) {
    bytes[offset] = key.length & 0xff;
    bytes[offset + 1] = key.length >>> 8;
    bytes.set(key, offset + 2);
    offset += 2 + key.length;
  }
  return bytes;
}

/** Views of the message. @throws KvError `invalid-argument`, not applied, if bytes are left over or lacking */
export function toKeys(bytes: Uint8Array): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const end = offset + 2 + (bytes[offset]! | ((bytes[offset + 1] ?? 0) << 8));
    if (offset + 2 > bytes.length || end > bytes.length) {
      throw new KvError('invalid-argument', 'the keys of the message are cut short', {
        outcome: 'not-applied',
      });
    }
    keys.push(bytes.subarray(offset + 2, end));
    offset = end;
  }
  return keys;
}
