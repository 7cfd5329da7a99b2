import { isKvError, KvClient } from '@kv/client';

import type { OpenConnection } from './system.js';

/** On a machine that is too slow for a load, that is to be measured, not to end it. */
const timeoutMs = 30_000;
const retryAfterMsDefault = 10;
const refusals = new Set(['overloaded', 'timeout']);

export const openKv: OpenConnection = async (endpoints) => {
  const client = new KvClient(endpoints, { timeoutMs });
  await client.ready();
  return {
    use({ level, previous }) {
      const read = { consistency: level };
      const write = { consistency: level, previous };
      return {
        get: (key) => client.get(key, read),
        put: (key, value) => client.put(key, value, write),
        refusal: (error) =>
          isKvError(error) && refusals.has(error.code)
            ? { retryAfterMs: error.retryAfterMs ?? retryAfterMsDefault }
            : undefined,
      };
    },
    close: () => client.close(),
  };
};
