import { totalmem } from 'node:os';

import { type Encoding, type KvStore, open } from '@kv/storage';

import { intervalMs } from '../settings.js';
import type { OpenOptions, System } from './system.js';

/** `@kv/storage`, embedded. Groups are written as batches, as those of the others are; values are read as views. */
export async function openKv({ directory, durability, keys }: OpenOptions): Promise<System> {
  const keyEncoding: Encoding = keys === 'bytes' ? 'binary' : 'utf8';
  const store = (await open(directory, {
    durability,
    ...(durability === 'interval' ? { durabilityIntervalMs: intervalMs } : {}),
    keyEncoding,
    valueEncoding: 'view',
    memoryBytesMax: Math.floor(totalmem() * 0.8),
  })) as KvStore<Encoding, 'view'>;
  return {
    name: 'kv',
    write(given, values) {
      return store.batch(given.map((key, index) => ({ type: 'put', key, value: values[index]! })));
    },
    read(given) {
      let sum = 0;
      for (const key of given) sum += store.get(key)![0]!;
      return sum;
    },
    readGroup(given) {
      let sum = 0;
      for (const value of store.getMany(given)) sum += value![0]!;
      return sum;
    },
    readCopies(given) {
      let sum = 0;
      for (const key of given) sum += Buffer.from(store.get(key)!)[0]!;
      return sum;
    },
    put: (key, value) => store.put(key, value),
    single: {
      put: (key, value) => store.put(key, value),
      get: (key) => store.get(key),
      delete: (key) => store.delete(key),
      snapshot: () => store.snapshot(),
    },
    accounted: () => ({ memoryBytes: store.stats().memoryBytes }),
    close: () => store.close(),
  };
}
