import type { Key, OpenOptions, System } from './system.js';

/**
 * A `Map` as a server would use it: its key is made of the bytes that came in, and a value is copied out of what it came
 * in, as every other system does. Nothing survives the process.
 */
export function openMap({ keys: kind }: Pick<OpenOptions, 'keys'>): System {
  const map = new Map<string, Buffer>();
  const nameOf: (key: Key) => string =
    kind === 'bytes' ? (key) => (key as Buffer).toString('latin1') : (key) => key as string;
  return {
    name: 'map',
    write(keys, values) {
      for (let index = 0; index < keys.length; index += 1) {
        map.set(nameOf(keys[index]!), Buffer.from(values[index]!));
      }
      return undefined;
    },
    read(keys) {
      let sum = 0;
      for (const key of keys) sum += map.get(nameOf(key))![0]!;
      return sum;
    },
    readCopies(keys) {
      let sum = 0;
      for (const key of keys) sum += Buffer.from(map.get(nameOf(key))!)[0]!;
      return sum;
    },
    put(key, value) {
      map.set(nameOf(key), Buffer.from(value));
      return Promise.resolve();
    },
    single: {
      put(key, value) {
        map.set(nameOf(key), Buffer.from(value));
        return undefined;
      },
      get: (key) => map.get(nameOf(key)),
      delete(key) {
        map.delete(nameOf(key));
        return undefined;
      },
      snapshot: () => Promise.resolve(),
    },
    close: () => Promise.resolve(),
  };
}
