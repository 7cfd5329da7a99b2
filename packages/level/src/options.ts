import type { EnginePorts, StoreOptions } from '@kv/storage';
import type { AbstractDatabaseOptions } from 'abstract-level';

import { levelKeyBytesMaxDefault } from './limits.js';

/** Level's own options, and those of `open()` of `@kv/storage`; encodings are Level's. `keyBytesMax` is 65,535 by default. */
export interface KvLevelOptions<Key, Value>
  extends AbstractDatabaseOptions<Key, Value>, Omit<StoreOptions, 'keyEncoding' | 'valueEncoding'> {}

/** What abstract-level hands to `_open`: the options of the constructor and of `open()`, with its own defaults filled in. */
export interface OpenOptions extends Omit<StoreOptions, 'keyEncoding' | 'valueEncoding'> {
  readonly createIfMissing: boolean;
  readonly errorIfExists: boolean;
}

/** Applications may pass options of their own, for hooks: of all that is given, these go on to the store. */
const storeOptions = [
  'durability',
  'durabilityIntervalMs',
  'snapshotIntervalMs',
  'memoryBytesMax',
  'damage',
  'keyBytesMax',
  'valueBytesMax',
] as const satisfies readonly (keyof StoreOptions)[];

export function storeOptionsOf(
  options: OpenOptions,
  { inMemory }: { readonly inMemory: boolean },
): StoreOptions<'binary', 'binary'> {
  const given = Object.fromEntries(storeOptions.map((name) => [name, options[name]]));
  return {
    ...given,
    // A store in memory is never closed: a timer would hold it, and all that is in it, for ever.
    ...(inMemory ? { snapshotIntervalMs: 0 } : {}),
    keyBytesMax: options.keyBytesMax ?? levelKeyBytesMaxDefault,
    keyEncoding: 'binary',
    valueEncoding: 'binary',
  };
}

/** @throws Error if the directory is not as `createIfMissing` and `errorIfExists` want it */
export async function checkExistence(
  directory: string,
  options: Pick<OpenOptions, 'createIfMissing' | 'errorIfExists'>,
  { fileSystem }: Pick<EnginePorts, 'fileSystem'>,
): Promise<void> {
  if (options.createIfMissing && !options.errorIfExists) return;
  const names = await fileSystem.list(directory).catch((error: unknown): string[] => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
  const exists = names.includes('MANIFEST');
  if (!exists && !options.createIfMissing) {
    throw new Error(`${directory} does not exist, or holds no store (createIfMissing is false)`);
  }
  if (exists && options.errorIfExists) {
    throw new Error(`${directory} holds a store: it exists (errorIfExists is true)`);
  }
}
