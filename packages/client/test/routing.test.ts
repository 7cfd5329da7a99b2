import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import { type DescribeResponse, MemberState } from '@kv/proto';
import { xxh32 } from '@kv/ring/xxh32';

import { KvClient, type KvClientOptions } from '../src/index.js';
import { createFakeCluster, type FakeCluster } from './fake-cluster.js';

const members = ['a:1', 'b:1', 'c:1', 'd:1'];
const owners = [
  [1, 2, 3],
  [2, 3, 4],
  [3, 4, 1],
  [4, 1, 2],
];

const ring: DescribeResponse = {
  epoch: 1,
  clusterId: 'c',
  replicationFactor: 3,
  members: members.map((address, index) => ({
    id: address,
    number: index + 1,
    address,
    zone: '',
    state: MemberState.UP,
  })),
  partitions: owners.map((list) => ({ members: list })),
  keyHash: { algorithm: 'xxh32', seed: 0, shift: 30 },
};

/** Its owners' addresses, the primary first. */
const ownersOf = (key: string): string[] =>
  owners[xxh32(Buffer.from(key)) >>> 30]!.map((number) => members[number - 1]!);

const keys = Array.from({ length: 40 }, (_, index) => `key${index}`);

/** A client that knows the ring and has met every member. */
async function routed(endpoints = ['a:1'], options: KvClientOptions = {}) {
  const cluster = createFakeCluster();
  cluster.describeResponse = ring;
  const client = new KvClient(endpoints, options, cluster.ports);
  for (let round = 0; round < 3; round += 1) await cluster.settle(client.getMany(keys));
  return { cluster, client };
}

function sentTo(cluster: FakeCluster, method: string, from = 0): Map<string, string> {
  const calls = cluster.calls.slice(from).filter((call) => call.method === method);
  return new Map(
    calls.map(({ endpoint, request }) => [(request as { key: Buffer }).key.toString(), endpoint]),
  );
}

describe('routing', () => {
  it('sends each key to the primary of its partition, once the ring is known', async () => {
    const { cluster, client } = await routed();
    const from = cluster.calls.length;
    await cluster.settle(client.putMany(keys.map((key) => [key, 'v'] as const)));
    for (const [key, endpoint] of sentTo(cluster, 'put', from)) expect(endpoint).toBe(ownersOf(key)[0]);
    expect(new Set(sentTo(cluster, 'put', from).values())).toEqual(new Set(members));
    expect(cluster.described.filter((endpoint) => endpoint === 'a:1')).toHaveLength(1);
  });

  it('makes one message for each node of what is issued in one turn', async () => {
    const { cluster, client } = await routed();
    const from = cluster.messages.length;
    await cluster.settle(client.getMany(keys));
    expect(cluster.messages.slice(from)).toHaveLength(4);
  });

  it('sends to the next owner what the primary would get, while that does not answer', async () => {
    const { cluster, client } = await routed();
    cluster.node('b:1').up = false;
    for (const key of keys) await cluster.settle(client.get(key));
    const from = cluster.calls.length;
    await cluster.settle(client.getMany(keys));
    for (const [key, endpoint] of sentTo(cluster, 'get', from)) {
      expect(endpoint).toBe(ownersOf(key).find((address) => address !== 'b:1'));
    }
  });

  it('comes back to a primary that is up again', async () => {
    const { cluster, client } = await routed();
    cluster.node('b:1').up = false;
    await cluster.settle(client.getMany(keys));
    cluster.node('b:1').up = true;
    await cluster.timers.advanceAsync(31_000);
    for (let round = 0; round < 2; round += 1) await cluster.settle(client.getMany(keys));
    const from = cluster.calls.length;
    await cluster.settle(client.getMany(keys));
    for (const [key, endpoint] of sentTo(cluster, 'get', from)) expect(endpoint).toBe(ownersOf(key)[0]);
  });

  it('leads everything to the endpoints given while the members addresses mean nothing here', async () => {
    const cluster = createFakeCluster();
    cluster.describeResponse = ring;
    for (const address of members) cluster.node(address).up = false;
    const client = new KvClient(['outside:1'], {}, cluster.ports);
    for (let round = 0; round < 3; round += 1) {
      expect(await cluster.settle(client.getMany(keys))).toEqual(keys.map(() => undefined));
    }
    expect(new Set(sentTo(cluster, 'get').values())).toEqual(new Set(['outside:1']));
  });

  it('trusts no address of a member at which another cluster answers', async () => {
    const cluster = createFakeCluster();
    cluster.describeResponse = ring;
    cluster.describedBy.set('b:1', { ...ring, clusterId: 'another' });
    const client = new KvClient(['a:1'], {}, cluster.ports);
    for (let round = 0; round < 4; round += 1) await cluster.settle(client.getMany(keys));
    const asked = new Set(
      cluster.calls.filter(({ method }) => method === 'get').map(({ endpoint }) => endpoint),
    );
    expect(asked).toEqual(new Set(['a:1', 'c:1', 'd:1']));
  });

  it('asks for the ring again after a node said that it is out of date', async () => {
    const { cluster, client } = await routed();
    const [key] = keys;
    const moved = { ...ring, epoch: 2, partitions: owners.map(() => ({ members: [4, 1, 2] })) };
    cluster.describeResponse = moved;
    await cluster.timers.advanceAsync(2_000);
    cluster.node(ownersOf(key!)[0]!).faults.get.push({ fail: new KvError('wrong-epoch', 'old') });
    for (let round = 0; round < 4; round += 1) await cluster.settle(client.get(key!));
    expect(cluster.calls.at(-1)).toMatchObject({ method: 'get', endpoint: 'd:1' });
  });

  it('can be turned off', async () => {
    const { cluster } = await routed(['a:1'], { routing: false });
    expect(new Set(sentTo(cluster, 'get').values())).toEqual(new Set(['a:1']));
    expect(cluster.described).toEqual([]);
  });
});
