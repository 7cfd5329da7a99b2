import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';

import { isKvError, KvClient } from '../src/index.js';
import { createFakeCluster } from './fake-cluster.js';

const keys = Array.from({ length: 10 }, (_, index) => `k${index}`);

describe('many operations under one promise', () => {
  it('give a result for each, in the order of their keys', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    const written = await cluster.settle(client.putMany(keys.map((key) => [key, `v ${key}`] as const)));
    expect(written.map((result) => isKvError(result))).toEqual(keys.map(() => false));
    const read = await cluster.settle(client.getMany([...keys, 'absent']));
    expect(read).toEqual([...keys.map((key) => `v ${key}`), undefined]);
    const removed = await cluster.settle(client.deleteMany(keys));
    expect(removed.map((result) => isKvError(result) || result.previous)).toEqual(read.slice(0, 10));
    expect(await cluster.settle(client.getMany([]))).toEqual([]);
  });

  it('fail one by one', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    await cluster.settle(client.get('warm'));
    const refused = { fail: new KvError('disk-full', 'full', { outcome: 'not-applied' }) };
    cluster.node('a:1').faults.put.push(undefined, refused);
    const results = await cluster.settle(
      client.putMany([
        ['a', '1'],
        ['b', '2'],
        ['', '3'],
        ['d', '4'],
      ]),
    );
    expect(results.map((result) => (isKvError(result) ? [result.code, result.outcome] : 'ok'))).toEqual([
      'ok',
      ['disk-full', 'not-applied'],
      ['invalid-argument', 'not-applied'],
      'ok',
    ]);
  });

  it('reject as a whole for a wrong type, or with the reason of a signal', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    await expect(cluster.settle(client.getMany(['a', 5 as never, 'c']))).rejects.toThrow(TypeError);
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    await expect(cluster.settle(client.getMany(keys, { signal }))).rejects.toBe(reason);
  });

  it('keep to a part of what a client may have under way', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], { operationsMax: 4_096 }, cluster.ports);
    await cluster.settle(client.get('warm'));
    const many = Array.from({ length: 10_000 }, (_, index) => `k${index}`);
    expect(await cluster.settle(client.getMany(many))).toEqual(many.map(() => undefined));
  });
});

describe('the bounds of a client', () => {
  it.each([{ operationsMax: 3 }, { bytesMax: 330 }])(
    'refuse what is above %p, as not applied',
    async (options) => {
      const cluster = createFakeCluster();
      const client = new KvClient(['a:1'], options, cluster.ports);
      await cluster.settle(client.get('k'));
      const writes = ['1', '2', '3', '4', '5'].map((value) => client.put('k', value));
      const results = await cluster.settle(Promise.allSettled(writes));
      expect(results.map(({ status }) => status)).toEqual([
        ...['fulfilled', 'fulfilled', 'fulfilled'],
        ...['rejected', 'rejected'],
      ]);
      expect(results[4]).toMatchObject({
        reason: { code: 'overloaded', outcome: 'not-applied', retryAfterMs: 50 },
      });
      await cluster.settle(client.put('k', 'later'));
    },
  );

  it('let one operation pass that alone is above them', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], { bytesMax: 10 }, cluster.ports);
    await cluster.settle(client.put('k', 'v'.repeat(1_000)));
  });

  it('count what is retried, and what waits for a first contact', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], { operationsMax: 1 }, cluster.ports);
    cluster.node('a:1').faults.get.push({ fail: new KvError('overloaded', 'full', { retryAfterMs: 500 }) });
    const first = client.get('k');
    await expect(client.get('k')).rejects.toMatchObject({ code: 'overloaded', outcome: undefined });
    await cluster.timers.advanceAsync(100);
    await expect(client.get('k')).rejects.toMatchObject({ code: 'overloaded' });
    await cluster.settle(first);
    await cluster.settle(client.get('k'));
  });
});
