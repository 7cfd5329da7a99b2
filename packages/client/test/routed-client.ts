import { type DescribeResponse, MemberState } from '@kv/proto';

import { KvClient, type KvClientOptions } from '../src/index.js';
import { settlingMs } from '../src/limits.js';
import { createFakeCluster, type FakeCluster } from './fake-cluster.js';

/** Of the largest cluster here. */
export const members = ['a:1', 'b:1', 'c:1', 'd:1', 'e:1'];

/** Everything belongs to the first so many. */
function ringOf(replicationFactor: number): DescribeResponse {
  const numbers = members.slice(0, replicationFactor).map((_, index) => index + 1);
  return {
    epoch: 1,
    clusterId: 'c',
    replicationFactor,
    members: numbers.map((number) => {
      const address = members[number - 1]!;
      return { id: address, number, address, zone: '', state: MemberState.UP };
    }),
    partitions: [{ members: numbers }],
    keyHash: { algorithm: 'xxh32', seed: 0, shift: 32 },
  };
}

/** A client that knows the ring and has met every member. */
export async function routed(options: KvClientOptions = {}, replicationFactor = 3) {
  const cluster = createFakeCluster();
  cluster.describeResponse = ringOf(replicationFactor);
  cluster.stored.set('k', Buffer.from('v'));
  const client = new KvClient(['a:1'], options, cluster.ports);
  for (let round = 0; round < 3; round += 1) await cluster.settle(client.get('warm', { consistency: 'one' }));
  await cluster.timers.advanceAsync(settlingMs);
  const from = cluster.calls.length;
  return { cluster, client, asked: () => askedSince(cluster, from) };
}

export type World = Awaited<ReturnType<typeof routed>>;

/** Requests since then: what, and of whom. */
export function askedSince(cluster: FakeCluster, from: number): { method: string; endpoint: string }[] {
  return cluster.calls
    .slice(from)
    .filter(({ method }) => method !== 'status')
    .map(({ method, endpoint }) => ({ method, endpoint }));
}

export const methodsOf = ({ asked }: World): string[] => asked().map(({ method }) => method);

/** Clients and clusters in which nodes coordinate everything: options, and the replication factor. */
export const leavingAllToNodes: [string, KvClientOptions, number][] = [
  ['where told so', { coordinating: false }, 3],
  ['without hedging', { hedging: false }, 3],
  ['without routing', { routing: false }, 3],
  ['where a majority is more than two', {}, 5],
  ['where there is one copy', {}, 1],
];
