import { open } from 'lmdb';

import type { Key, OpenOptions, System } from './system.js';

/**
 * lmdb-js: reads are synchronous, writes made in one turn share a transaction. At `always` a promise resolves once its
 * transaction was synced: without `overlappingSync: false` it would resolve before.
 */
export function openLmdb({ directory, durability, keys }: OpenOptions): System {
  const database = open<Buffer, Key>(directory, {
    encoding: 'binary',
    ...(keys === 'bytes' ? { keyEncoding: 'binary' } : {}),
    ...(durability === 'always' ? { overlappingSync: false } : { noSync: true }),
  });
  return {
    name: 'lmdb',
    write(given, values) {
      let last: Promise<boolean> | undefined;
      for (let index = 0; index < given.length; index += 1)
        last = database.put(given[index]!, values[index]!);
      return last;
    },
    read(given) {
      let sum = 0;
      // The fast one's bytes are good until the next call; the others' as long as they are held.
      for (const key of given) sum += database.getBinaryFast(key)![0]!;
      return sum;
    },
    put: (key, value) => database.put(key, value),
    close: () => database.close(),
  };
}
