import { afterEach, describe, expect, it } from '@jest/globals';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { KvError } from '@kv/errors';
import { type DescribeResponse, MemberState } from '@kv/proto';

import { KvClient, type KvClientOptions } from '../src/index.js';
import { createFakeCluster, type FakeCluster } from './fake-cluster.js';

const members = ['a:1', 'b:1', 'c:1'];
/** Everything belongs to all three, and to a:1 first. */
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
  const client = new KvClient(['a:1'], options, cluster.ports);
  for (let round = 0; round < 3; round += 1) await cluster.settle(client.get('warm'));
  for (let round = 0; round < 70; round += 1) {
    cluster.node('a:1').faults.get.push({ slowMs: 4 });
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
    cluster.node('a:1').faults.get.push('hang');
    const read = client.get('k');
    await cluster.timers.advanceAsync(3);
    expect(asked()).toEqual(['a:1']);
    await cluster.timers.advanceAsync(10);
    expect(await read).toBe('v');
    expect(asked()).toEqual(['a:1', 'b:1']);
    expect(cluster.calls.at(-2)!.options.signal.aborted).toBe(true);
    expect(cluster.timers.pending).toBe(0);
  });

  it('takes the first answer also if that is the slow one, and fails as ever if the copy fails', async () => {
    const { cluster, client, asked } = await experienced();
    cluster.node('a:1').faults.get.push({ slowMs: 20 });
    cluster.node('b:1').faults.get.push('hang');
    expect(await cluster.settle(client.get('k'))).toBeUndefined();
    cluster.node('a:1').faults.get.push({ slowMs: 20 });
    cluster.node('b:1').faults.get.push({ fail: new KvError('corrupt', 'the copy met damage') });
    expect(await cluster.settle(client.get('k'))).toBeUndefined();
    expect(asked()).toEqual(['a:1', 'b:1', 'a:1', 'b:1']);
    expect(cluster.timers.pending).toBe(0);
  });

  it('is hedged no more than one time in twenty', async () => {
    const { cluster, client, asked } = await experienced();
    for (let round = 0; round < 60; round += 1) {
      cluster.node('a:1').faults.get.push({ slowMs: 40 });
      await cluster.settle(client.get('k'));
    }
    const copies = asked().filter((endpoint) => endpoint !== 'a:1').length;
    expect(copies).toBeGreaterThan(0);
    expect(copies).toBeLessThanOrEqual(130 / 20);
  });

  it('is not hedged where that was turned off', async () => {
    const { cluster, client, asked } = await experienced({ hedging: false });
    cluster.node('a:1').faults.get.push({ slowMs: 100 });
    await cluster.settle(client.get('k'));
    expect(asked()).toEqual(['a:1']);
  });

  it('is nothing that ever happens to a write', async () => {
    const { cluster, client, asked } = await experienced();
    cluster.node('a:1').faults.put.push({ slowMs: 40 });
    await cluster.settle(client.put('k', 'v'));
    expect(asked()).toEqual(['a:1']);
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
    const { cluster, client } = await experienced();
    for (const name of names) subscribe(name, listener);
    cluster.node('a:1').faults.get.push('hang');
    await cluster.settle(client.get('k'));
    expect(messages('hedge')).toEqual([{ key: Buffer.from('k'), from: 'a:1', to: 'b:1' }]);
    cluster.node('a:1').faults.put.push({ fail: new KvError('unavailable', 'lost') });
    await cluster.settle(client.put('k', 'v'));
    expect(messages('retry')).toMatchObject([
      { kind: 'write', endpoint: 'a:1', error: { code: 'unavailable' } },
    ]);
    expect(messages('connection')).toMatchObject([
      { endpoint: 'a:1', state: 'down' },
      { endpoint: 'a:1', state: 'up' },
    ]);
    await client.close();
    await client.get('k').catch(() => undefined);
    expect(messages('operation')).toMatchObject([
      { name: 'get', key: Buffer.from('k'), endpoint: 'a:1', error: undefined },
      { name: 'put', endpoint: 'a:1', error: undefined },
    ]);
  });

  it('cost no event where nobody listens', async () => {
    const { cluster, client } = await experienced();
    await cluster.settle(client.get('k'));
    expect(heard).toEqual([]);
  });
});
