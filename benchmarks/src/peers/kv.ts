import { isKvError, KvClient } from '@kv/client';

import type { OpenConnection } from './system.js';

/** On a machine that is too slow for a load, that is to be measured, not to end it. */
const timeoutMs = 30_000;
const retryAfterMsDefault = 10;
const refusals = new Set(['overloaded', 'timeout']);

export const openKv: OpenConnection = async (endpoints) => {
  const restful = new KvClient(endpoints, { timeoutMs });
  await restful.ready();
  let polling: KvClient | undefined;
  return {
    use({ level, previous, busyPolls = false }) {
      const client = busyPolls
        ? (polling ??= new KvClient(endpoints, { timeoutMs, busyPollMs: 1 }))
        : restful;
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
    close: async () => {
      await Promise.all([restful.close(), polling?.close()]);
    },
  };
};
