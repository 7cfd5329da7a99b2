import type { KvStore, KvView } from '@kv/storage';

/** abstract-level encodes; what it hands over, and is given, is bytes. */
export type Store = KvStore<'binary', 'binary'>;

export type StoreView = KvView<'binary', 'binary'>;

/** The same bytes, as Level wants them. */
export function bufferOf(bytes: Uint8Array): Buffer;
export function bufferOf(bytes: Uint8Array | undefined): Buffer | undefined;
export function bufferOf(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
