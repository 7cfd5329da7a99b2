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

/** Its owners' addresses. */
const ownersOf = (key: string): string[] =>
  owners[xxh32(Buffer.from(key)) >>> 30]!.map((number) => members[number - 1]!);

const keys = Array.from({ length: 40 }, (_, index) => `key${index}`);

/** As with as many nodes as copies. */
const everythingEverywhere: DescribeResponse = {
  ...ring,
  replicationFactor: 4,
  partitions: owners.map(() => ({ members: [1, 2, 3, 4] })),
};

interface Setting {
  readonly options?: KvClientOptions;
  readonly describe?: DescribeResponse;
  readonly seed?: number;
}

/** A client that knows the ring and has met every member. */
async function routed({ options = {}, describe = ring, seed = 1 }: Setting = {}) {
  const cluster = createFakeCluster(seed);
  cluster.describeResponse = describe;
  const client = new KvClient(['a:1'], options, cluster.ports);
  for (let round = 0; round < 3; round += 1) await cluster.settle(client.getMany(keys));
  return { cluster, client };
}

interface Sent {
  readonly key: string;
  readonly endpoint: string;
}

function sent(cluster: FakeCluster, method: string, from = 0): Sent[] {
  const calls = cluster.calls.slice(from).filter((call) => call.method === method);
  return calls.map(({ endpoint, request }) => ({
    endpoint,
    key: (request as { key: Buffer }).key.toString(),
  }));
}

function askedFor(cluster: FakeCluster, method: string, from = 0): Set<string> {
  return new Set(sent(cluster, method, from).map(({ endpoint }) => endpoint));
}

/** Its first owner from this member on. */
function ownerFrom(key: string, member: string): string {
  const place = members.indexOf(member);
  return [...members.slice(place), ...members.slice(0, place)].find((next) => ownersOf(key).includes(next))!;
}

function countsOf(calls: Iterable<{ readonly endpoint: string }>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { endpoint } of calls) counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
  return counts;
}

function expectEven(counts: ReadonlyMap<string, number>): void {
  const even = [...counts.values()].reduce((sum, count) => sum + count, 0) / members.length;
  for (const member of members) {
    expect(counts.get(member)).toBeGreaterThan(even * 0.8);
    expect(counts.get(member)).toBeLessThan(even * 1.2);
  }
}

describe('routing', () => {
  it('sends the operations of a turn to one node, and what it does not own to the owner that comes next', async () => {
    const { cluster, client } = await routed();
    for (let turn = 0; turn < 8; turn += 1) {
      const from = cluster.calls.length;
      const messagesBefore = cluster.messages.length;
      await cluster.settle(client.putMany(keys.map((key) => [key, 'v'] as const)));
      const puts = sent(cluster, 'put', from);
      expect(puts).toHaveLength(keys.length);
      const [[favourite]] = [...countsOf(puts)].sort((a, b) => b[1] - a[1]) as [[string, number]];
      for (const { key, endpoint } of puts) expect(endpoint).toBe(ownerFrom(key, favourite));
      // Three of four own each key, so what is left goes to one.
      expect(cluster.messages).toHaveLength(messagesBefore + 2);
    }
  });

  it('makes one message of a turn where every node owns every key', async () => {
    const { cluster, client } = await routed({ describe: everythingEverywhere });
    for (let turn = 0; turn < 8; turn += 1) {
      const before = cluster.messages.length;
      await cluster.settle(client.getMany(keys));
      expect(cluster.messages.slice(before)).toMatchObject([{ operations: keys.length }]);
    }
  });

  it('spreads turns over the nodes', async () => {
    const { cluster, client } = await routed();
    const from = cluster.calls.length;
    for (let turn = 0; turn < 40; turn += 1) {
      await cluster.settle(client.getMany(keys.map((key) => `${key} of ${turn}`)));
    }
    expectEven(countsOf(cluster.calls.slice(from)));
  });

  it('spreads a burst within its turn, as one message to each node', async () => {
    const { cluster, client } = await routed();
    const from = cluster.messages.length;
    const many = Array.from({ length: 1_000 }, (_, index) => `burst${index}`);
    await cluster.settle(client.getMany(many));
    const messages = cluster.messages.slice(from);
    expect(messages).toHaveLength(4);
    expectEven(new Map(messages.map(({ endpoint, operations }) => [endpoint, operations])));
  });

  it('begins at any node, by chance', async () => {
    const first = new Set<string>();
    for (let seed = 1; seed <= 40; seed += 1) {
      const { cluster, client } = await routed({ describe: everythingEverywhere, seed });
      await cluster.settle(client.get('k'));
      first.add(cluster.calls.at(-1)!.endpoint);
    }
    expect(first).toEqual(new Set(members));
  });

  it('keeps a hot key to one node', async () => {
    const { cluster, client } = await routed();
    const writes: Promise<unknown>[] = [];
    const write = (): void => {
      cluster.faults.put.push({ slowMs: 40 });
      writes.push(client.put('hot', 'v'));
    };
    // More than its node's part, even.
    for (let count = 0; count < 100; count += 1) write();
    await cluster.timers.advanceAsync(0);
    const from = cluster.calls.length;
    for (let turn = 0; turn < 20; turn += 1) {
      await cluster.settle(client.getMany(keys));
      write();
      void client.get('hot');
      await cluster.timers.advanceAsync(1);
    }
    for (const done of writes) await cluster.settle(done);
    const calls = [...sent(cluster, 'put', from), ...sent(cluster, 'get', from)];
    const hot = countsOf(calls.filter(({ key }) => key === 'hot'));
    expect([...hot.values()]).toEqual([40]);
    expect(countsOf(calls).size).toBeGreaterThan(1);
    // Once nothing of it is under way, and that was noticed, it goes anywhere again.
    const later = cluster.calls.length;
    for (let turn = 0; turn < 60; turn += 1) {
      await cluster.settle(client.getMany(keys));
      await cluster.settle(client.put('hot', 'v', { consistency: 'all' }));
    }
    expect(askedFor(cluster, 'put', later).size).toBeGreaterThan(1);
  });

  it('greets a node that was not heard of for a while, once another one failed', async () => {
    const cluster = createFakeCluster();
    cluster.describeResponse = everythingEverywhere;
    const client = new KvClient(members, { hedging: false }, cluster.ports);
    for (let round = 0; round < 4; round += 1) await cluster.settle(client.getMany(keys));
    await cluster.timers.advanceAsync(5_000);
    const from = cluster.calls.length;
    cluster.faults.get.push({ fail: new KvError('unavailable', 'reset by peer') });
    await cluster.settle(client.get('key0'));
    const asked = cluster.calls.slice(from).filter(({ method }) => method === 'get' || method === 'status');
    const [failed, , answered] = asked.map(({ endpoint }) => endpoint);
    expect(asked.map(({ method }) => method)).toEqual(['get', 'status', 'get']);
    expect(answered).not.toBe(failed);
    await client.close();
  });

  it('gives a slow node no more than its part', async () => {
    const { cluster, client } = await routed({ options: { hedging: false, timeoutMs: 60_000 } });
    const from = cluster.calls.length;
    for (let count = 0; count < 1_000; count += 1) cluster.node('b:1').faults.get.push({ slowMs: 20_000 });
    const reads: Promise<unknown>[] = [];
    const readOn = async (): Promise<void> => {
      for (let count = 0; count < 20; count += 1) await client.get(`key${count}`);
    };
    for (let reader = 0; reader < 200; reader += 1) reads.push(readOn());
    await cluster.timers.advanceAsync(500);
    const stuck = countsOf(sent(cluster, 'get', from)).get('b:1');
    expect(stuck).toBeGreaterThan(0);
    // So many under way make two groups.
    expect(stuck).toBeLessThanOrEqual(200 / 2 + 33);
    await client.close();
    await Promise.allSettled(reads);
  });

  it('sends to the owner that comes next what a node would get that does not answer', async () => {
    const { cluster, client } = await routed();
    cluster.node('b:1').up = false;
    for (let turn = 0; turn < 8; turn += 1) await cluster.settle(client.getMany(keys));
    for (let turn = 0; turn < 8; turn += 1) {
      const from = cluster.calls.length;
      expect(await cluster.settle(client.getMany(keys))).toEqual(keys.map(() => undefined));
      const gets = sent(cluster, 'get', from);
      expect(gets).toHaveLength(keys.length);
      for (const { key, endpoint } of gets) expect(ownersOf(key)).toContain(endpoint);
      expect(askedFor(cluster, 'get', from)).not.toContain('b:1');
    }
  });

  it('comes back to a node that is up again', async () => {
    const { cluster, client } = await routed();
    cluster.node('b:1').up = false;
    for (let turn = 0; turn < 8; turn += 1) await cluster.settle(client.getMany(keys));
    cluster.node('b:1').up = true;
    await cluster.timers.advanceAsync(31_000);
    for (let turn = 0; turn < 8; turn += 1) await cluster.settle(client.getMany(keys));
    const from = cluster.calls.length;
    for (let turn = 0; turn < 8; turn += 1) await cluster.settle(client.getMany(keys));
    expect(askedFor(cluster, 'get', from)).toContain('b:1');
  });

  it('leads everything to the endpoints given while the members addresses mean nothing here', async () => {
    const cluster = createFakeCluster();
    cluster.describeResponse = ring;
    for (const address of members) cluster.node(address).up = false;
    const client = new KvClient(['outside:1'], {}, cluster.ports);
    for (let round = 0; round < 3; round += 1) {
      expect(await cluster.settle(client.getMany(keys))).toEqual(keys.map(() => undefined));
    }
    expect(askedFor(cluster, 'get')).toEqual(new Set(['outside:1']));
  });

  it('trusts no address of a member at which another cluster answers', async () => {
    const cluster = createFakeCluster();
    cluster.describeResponse = ring;
    cluster.describedBy.set('b:1', { ...ring, clusterId: 'another' });
    const client = new KvClient(['a:1'], {}, cluster.ports);
    for (let turn = 0; turn < 8; turn += 1) await cluster.settle(client.getMany(keys));
    expect(askedFor(cluster, 'get')).toEqual(new Set(['a:1', 'c:1', 'd:1']));
  });

  it('asks for the ring again after a node said that it is out of date', async () => {
    const { cluster, client } = await routed();
    cluster.describeResponse = { ...ring, epoch: 2, partitions: owners.map(() => ({ members: [4] })) };
    await cluster.timers.advanceAsync(2_000);
    cluster.faults.get.push({ fail: new KvError('wrong-epoch', 'old') });
    for (let turn = 0; turn < 4; turn += 1) await cluster.settle(client.getMany(keys));
    const from = cluster.calls.length;
    for (let turn = 0; turn < 8; turn += 1) await cluster.settle(client.getMany(keys));
    expect(askedFor(cluster, 'get', from)).toEqual(new Set(['d:1']));
  });

  it('can be turned off', async () => {
    const { cluster } = await routed({ options: { routing: false } });
    expect(askedFor(cluster, 'get')).toEqual(new Set(['a:1']));
    expect(cluster.described).toEqual([]);
  });
});
