import { ClassicLevel } from 'classic-level';

import type { Key, OpenOptions, System } from './system.js';

/** LevelDB: batches for writing, `getMany` for reading, with views for keys and values as its fastest encodings. */
export async function openClassicLevel({ directory, durability, keys }: OpenOptions): Promise<System> {
  const database = new ClassicLevel<Key, Buffer>(directory, {
    keyEncoding: keys === 'bytes' ? 'buffer' : 'utf8',
    valueEncoding: 'buffer',
  });
  await database.open();
  const sync = durability === 'always';
  return {
    name: 'classic-level',
    write(given, values) {
      return database.batch(
        given.map((key, index) => ({ type: 'put', key, value: values[index]! })),
        { sync },
      );
    },
    async read(given) {
      let sum = 0;
      for (const value of await database.getMany(given as Key[])) sum += value![0]!;
      return sum;
    },
    put: (key, value) => database.put(key, value, { sync }),
    close: () => database.close(),
  };
}
