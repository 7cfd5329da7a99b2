import { Redis } from 'ioredis';

import { hostAndPort } from './endpoint.js';
import type { OpenConnection } from './system.js';

/** To the primary, the first endpoint. What is issued in one turn of the event loop travels as one pipeline. */
export const openIoredis: OpenConnection = async ([primary]) => {
  const redis = new Redis({ ...hostAndPort(primary!), enableAutoPipelining: true, lazyConnect: true });
  await redis.connect();
  return {
    use: ({ previous }) => ({
      get: (key) => redis.get(key),
      put: previous
        ? (key, value) => redis.set(key, value, 'GET').then(answered)
        : (key, value) => redis.set(key, value),
    }),
    async close() {
      await redis.quit();
    },
  };
};

/** A key that held nothing is answered with null, which is no failure of the put. */
function answered(previous: string | null): string {
  return previous ?? '';
}
