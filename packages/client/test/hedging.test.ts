import { afterEach, describe, expect, it } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { KvError } from '@kv/errors';
import { type DescribeResponse, MemberState } from '@kv/proto';

import { KvClient, type KvClientOptions } from '../src/index.js';
import { createFakeCluster, type FakeCluster } from './fake-cluster.js';

const members = ['a:1', 'b:1', 'c:1'];
/** Everything belongs to all three. */
const ring: DescribeResponse = {
  epoch: 1,
  clusterId: 'c',
  replicationFactor: 3,
  members: members.map((address, index) => ({
    ...{ id: address, number: index + 1, address, zone: '', state: MemberState.UP },
  })),
  partitions: [{ members: [1, 2, 3] }],
  keyHash: { algorithm: 'xxh32', seed: 0, shift: 32 },
};

/** A client that has read often, 4 milliseconds each. */
async function experienced(options: KvClientOptions = {}) {
  const cluster = createFakeCluster();
  cluster.describeResponse = ring;
  const client = new KvClient(['a:1'], { coordinating: false, ...options }, cluster.ports);
  for (let round = 0; round < 3; round += 1) await cluster.settle(client.get('warm'));
  for (let round = 0; round < 70; round += 1) {
    cluster.faults.get.push({ slowMs: 4 });
    await cluster.settle(client.get('k'));
  }
  const from = cluster.calls.length;
  return { cluster, client, asked: () => askedSince(cluster, from) };
}

function askedSince(cluster: FakeCluster, from: number): string[] {
  return cluster.calls
    .slice(from)
    .filter(({ method }) => method !== 'status')
    .map(({ endpoint }) => endpoint);
}

describe('a read that takes long', () => {
  it('is sent to another owner as well, whose answer counts; the first is told to give up', async () => {
    const { cluster, client, asked } = await experienced();
    cluster.stored.set('k', Buffer.from('v'));
    cluster.faults.get.push('hang');
    const read = client.get('k');
    await cluster.timers.advanceAsync(3);
    expect(asked()).toHaveLength(1);
    await cluster.timers.advanceAsync(10);
    expect(await read).toBe('v');
    expect(asked()).toHaveLength(2);
    expect(new Set(asked()).size).toBe(2);
    expect(cluster.calls.at(-2)!.options.signal.aborted).toBe(true);
    await client.close();
    expect(cluster.timers.pending).toBe(0);
  });

  it('takes the first answer also if that is the slow one, and fails as ever if the copy fails', async () => {
    const { cluster, client, asked } = await experienced();
    cluster.faults.get.push({ slowMs: 20 }, 'hang');
    expect(await cluster.settle(client.get('k'))).toBeUndefined();
    cluster.faults.get.push({ slowMs: 20 }, { fail: new KvError('corrupt', 'the copy met damage') });
    expect(await cluster.settle(client.get('k'))).toBeUndefined();
    expect(asked()).toHaveLength(4);
    await client.close();
    expect(cluster.timers.pending).toBe(0);
  });

  it('is hedged no more than one time in twenty', async () => {
    const { cluster, client, asked } = await experienced();
    for (let round = 0; round < 60; round += 1) {
      cluster.faults.get.push({ slowMs: 40 });
      await cluster.settle(client.get('k'));
    }
    const copies = asked().length - 60;
    expect(copies).toBeGreaterThan(0);
    expect(copies).toBeLessThanOrEqual(130 / 20);
  });

  it('is not hedged where that was turned off', async () => {
    const { cluster, client, asked } = await experienced({ hedging: false });
    cluster.faults.get.push({ slowMs: 100 });
    await cluster.settle(client.get('k'));
    expect(asked()).toHaveLength(1);
  });

  it('is nothing that ever happens to a write', async () => {
    const { cluster, client, asked } = await experienced();
    cluster.faults.put.push({ slowMs: 40 });
    await cluster.settle(client.put('k', 'v'));
    expect(asked()).toHaveLength(1);
    expect(cluster.writesTogetherMax).toBe(1);
  });
});

describe('diagnostics', () => {
  const heard: [string, unknown][] = [];
  const names = ['operation', 'retry', 'hedge', 'connection'].map((name) => `kv:client:${name}`);
  const listener = (message: unknown, name: string | symbol): void =>
    void heard.push([String(name), message]);

  afterEach(() => {
    for (const name of names) unsubscribe(name, listener);
    heard.length = 0;
  });

  const messages = (name: string): unknown[] =>
    heard.filter(([channel]) => channel === `kv:client:${name}`).map(([, message]) => message);

  it('tell of operations, retries, hedges and connections', async () => {
    const { cluster, client, asked } = await experienced();
    for (const name of names) subscribe(name, listener);
    cluster.faults.get.push('hang');
    await cluster.settle(client.get('k'));
    const [from, to] = asked();
    expect(messages('hedge')).toEqual([{ key: Buffer.from('k'), from, to }]);
    cluster.faults.put.push({ fail: new KvError('unavailable', 'lost') });
    await cluster.settle(client.put('k', 'v'));
    const failed = asked()[2];
    expect(messages('retry')).toMatchObject([
      { kind: 'write', endpoint: failed, error: { code: 'unavailable' } },
    ]);
    // Whoever failed is greeted once it would be asked again.
    await cluster.settle(client.get('k'));
    expect(messages('connection')).toMatchObject([
      { endpoint: failed, state: 'down' },
      { endpoint: failed, state: 'up' },
    ]);
    await client.close();
    await client.get('k').catch(() => undefined);
    expect(messages('operation')).toMatchObject([
      { name: 'get', key: Buffer.from('k'), endpoint: from, error: undefined },
      { name: 'put', endpoint: failed, error: undefined },
      { name: 'get', error: undefined },
    ]);
  });

  it('cost no event where nobody listens', async () => {
    const { cluster, client } = await experienced();
    await cluster.settle(client.get('k'));
    expect(heard).toEqual([]);
  });
});
