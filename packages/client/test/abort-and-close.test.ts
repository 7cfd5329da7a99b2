import { getMaxListeners } from 'node:events';

import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';

import { KvClient } from '../src/index.js';
import { createFakeCluster } from './fake-cluster.js';

function hanging(method: 'put' | 'get' | 'status') {
  const cluster = createFakeCluster();
  cluster.node('a:1').faults[method].push('hang', 'hang', 'hang');
  return { cluster, client: new KvClient(['a:1'], {}, cluster.ports) };
}

describe('a deadline', () => {
  it('ends an operation with the code timeout, and leaves no timer behind', async () => {
    const { cluster, client } = hanging('put');
    await expect(cluster.settle(client.put('k', 'v', { timeoutMs: 300 }))).rejects.toMatchObject({
      code: 'timeout',
      outcome: 'unknown',
    });
    expect(cluster.timers.pending).toBe(0);
  });

  it('that passes before anything was sent leaves a write not applied', async () => {
    const { cluster, client } = hanging('status');
    await expect(cluster.settle(client.put('k', 'v', { timeoutMs: 300 }))).rejects.toMatchObject({
      outcome: 'not-applied',
    });
  });

  it('is cleared when the operation succeeds', async () => {
    const cluster = createFakeCluster();
    await cluster.settle(new KvClient(['a:1'], {}, cluster.ports).put('k', 'v'));
    expect(cluster.timers.pending).toBe(0);
  });
});

describe('a signal', () => {
  it('that aborted before is told at once; nothing is sent', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    await expect(client.get('k', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(cluster.calls.filter(({ method }) => method === 'get')).toEqual([]);
  });

  it.each(['put', 'status', 'get'] as const)('ends a %s under way with its own reason', async (method) => {
    const { cluster, client } = hanging(method);
    const controller = new AbortController();
    const reason = new Error('changed my mind');
    const pending = method === 'get' ? client.get('k', controller) : client.put('k', 'v', controller);
    await cluster.timers.advanceAsync(20);
    controller.abort(reason);
    await expect(pending).rejects.toBe(reason);
    expect(cluster.timers.pending).toBeLessThanOrEqual(method === 'status' ? 1 : 0);
  });

  it('aborts the call below', async () => {
    const { cluster, client } = hanging('put');
    const controller = new AbortController();
    const pending = client.put('k', 'v', { signal: controller.signal });
    await cluster.timers.advanceAsync(20);
    controller.abort();
    await expect(pending).rejects.toThrow();
    expect(cluster.calls.at(-1)!.options.signal.aborted).toBe(true);
  });

  it('interrupts the pause between attempts', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    cluster.node('a:1').faults.get.push({ fail: new KvError('overloaded', 'full', { retryAfterMs: 3_000 }) });
    const controller = new AbortController();
    const pending = client.get('k', { signal: controller.signal });
    await cluster.timers.advanceAsync(100);
    controller.abort();
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('may be shared by many operations: node is told not to take them for a leak', async () => {
    const cluster = createFakeCluster();
    const { signal } = new AbortController();
    await cluster.settle(new KvClient(['a:1'], {}, cluster.ports).get('k', { signal }));
    expect(getMaxListeners(signal)).toBe(Infinity);
  });

  it('is not listened to any more once the operation is over', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners += 1;
      add(...given);
    };
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...given);
    };
    await cluster.settle(client.put('k', 'v', { signal }));
    await cluster.settle(client.get('k', { signal }));
    expect(listeners).toBe(0);
  });
});

describe('close', () => {
  it('ends what is under way with the code closed and its outcome', async () => {
    const { cluster, client } = hanging('put');
    const sent = client.put('k', 'v');
    const read = client.get('k');
    await cluster.timers.advanceAsync(5);
    await expect(read).resolves.toBeUndefined();
    await client.close();
    await expect(sent).rejects.toMatchObject({ code: 'closed', outcome: 'unknown' });
    expect(cluster.closed).toEqual(['a:1']);
    expect(cluster.timers.pending).toBe(0);
  });

  it('ends a write that was not sent yet as not applied', async () => {
    const { cluster, client } = hanging('status');
    const pending = client.put('k', 'v');
    await cluster.timers.advanceAsync(5);
    await client.close();
    await expect(pending).rejects.toMatchObject({ code: 'closed', outcome: 'not-applied' });
  });

  it('refuses whatever comes later, and can be repeated', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    await client.close();
    await client.close();
    await expect(client.put('k', 'v')).rejects.toMatchObject({ code: 'closed', outcome: 'not-applied' });
    await expect(client.get('k')).rejects.toMatchObject({ code: 'closed' });
    await expect(client.scan().next()).rejects.toMatchObject({ code: 'closed' });
    await expect(client.ready()).rejects.toMatchObject({ code: 'closed' });
    expect(cluster.calls).toEqual([]);
  });

  it('is what the end of an `await using` block does', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(['a:1'], {}, cluster.ports);
    await cluster.settle(client.get('k'));
    await client[Symbol.asyncDispose]();
    expect(cluster.closed).toEqual(['a:1']);
  });
});
