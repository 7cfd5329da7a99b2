import { open } from 'lmdb';

import type { Key, OpenOptions, System } from './system.js';

/** A write's promise resolves once it is visible; this one, once it was synced, which goes on beside the next transactions. */
type Written = Promise<boolean> & { readonly flushed: Promise<unknown> };

/** lmdb-js: reads are synchronous, writes made in one turn share a transaction. */
export function openLmdb({ directory, durability, keys }: OpenOptions): System {
  const isDurable = durability === 'always';
  const database = open<Buffer, Key>(directory, {
    encoding: 'binary',
    ...(keys === 'bytes' ? { keyEncoding: 'binary' } : {}),
    ...(isDurable ? { separateFlushed: true } : { noSync: true }),
  });
  const put = (key: Key, value: Buffer): Promise<unknown> => {
    const written = database.put(key, value);
    return isDurable ? (written as Written).flushed : written;
  };
  return {
    name: 'lmdb',
    write(given, values) {
      let last: Promise<unknown> | undefined;
      for (let index = 0; index < given.length; index += 1) last = put(given[index]!, values[index]!);
      return last;
    },
    read(given) {
      let sum = 0;
      // The fast one's bytes are good until the next call; the others' as long as they are held.
      for (const key of given) sum += database.getBinaryFast(key)![0]!;
      return sum;
    },
    readCopies(given) {
      let sum = 0;
      for (const key of given) sum += database.getBinary(key)![0]!;
      return sum;
    },
    put,
    close: () => database.close(),
  };
}
