import { describe, expect, it } from '@jest/globals';
import type { KvClient } from '@kv/client';

import { runLoad } from './run-load.js';
import { createWorkload, type Operation } from './workload.js';

/** Stands in for a cluster: remembers what it was asked. */
function createFakeClient(): { client: KvClient; calls: { method: string; key: string }[] } {
  const calls: { method: string; key: string }[] = [];
  const answer = (method: string) => (key: string) => {
    calls.push({ method, key });
    return Promise.resolve();
  };
  return { client: { get: answer('get'), put: answer('put') } as unknown as KvClient, calls };
}

describe('runLoad', () => {
  it('keeps so many operations in flight, over all clients', async () => {
    let underWay = 0;
    let most = 0;
    const clients = [createFakeClient().client, createFakeClient().client];
    const seen = new Set<KvClient>();
    const operation: Operation = async (client) => {
      seen.add(client);
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 2));
      underWay--;
    };
    const figures = await runLoad({ clients, inFlight: 7, durationMs: 40, nextOperation: () => operation });
    expect(most).toBe(7);
    expect(seen.size).toBe(2);
    expect(figures.opsPerSecond).toBeGreaterThan(0);
    expect(figures.p99Us).toBeGreaterThanOrEqual(figures.p50Us);
  });

  it('ends with the first failure', async () => {
    const { client } = createFakeClient();
    const nextOperation = (): Operation => () => Promise.reject(new Error('no quorum'));
    await expect(
      runLoad({ clients: [client], inFlight: 2, durationMs: 1000, nextOperation }),
    ).rejects.toThrow('no quorum');
  });
});

describe('createWorkload', () => {
  const draw = async (
    name: 'put' | 'get' | 'mixed',
    seed: number,
  ): Promise<{ method: string; key: string }[]> => {
    const { client, calls } = createFakeClient();
    const next = createWorkload({ name, level: 'quorum', keys: 50, valueBytes: 10, seed });
    for (let i = 0; i < 2_000; i++) await next()(client);
    return calls;
  };

  it('asks for the same keys with the same seed', async () => {
    expect(await draw('mixed', 3)).toEqual(await draw('mixed', 3));
    expect(await draw('mixed', 3)).not.toEqual(await draw('mixed', 4));
  });

  it('covers all keys, and mixes 80 % get with 20 % put', async () => {
    const calls = await draw('mixed', 1);
    expect(new Set(calls.map(({ key }) => key)).size).toBe(50);
    const gets = calls.filter(({ method }) => method === 'get').length;
    expect(gets / calls.length).toBeGreaterThan(0.75);
    expect(gets / calls.length).toBeLessThan(0.85);
    expect((await draw('put', 1)).every(({ method }) => method === 'put')).toBe(true);
  });
});
