import { createClient } from 'redis';

import { hostAndPort } from './endpoint.js';
import type { OpenConnection } from './system.js';

/** To the primary, the first endpoint. This client pipelines what is issued in one turn by itself. */
export const openNodeRedis: OpenConnection = async ([primary]) => {
  const redis = createClient({ socket: hostAndPort(primary!) });
  await redis.connect();
  return {
    use: ({ previous }) => ({
      get: (key) => redis.get(key),
      put: previous
        ? (key, value) => redis.set(key, value, { GET: true }).then(answered)
        : (key, value) => redis.set(key, value),
    }),
    close: () => redis.close(),
  };
};

/** A key that held nothing is answered with null, which is no failure of the put. */
function answered(previous: unknown): unknown {
  return previous ?? '';
}
