import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KvClient } from '@kv/client';

import type { LocalCluster } from '../src/index.js';
import { eventually } from './eventually.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

const stage = createStage();
let cluster: LocalCluster;
let clients: readonly [KvClient, KvClient, KvClient];

beforeAll(async () => {
  cluster = await stage.cluster();
  clients = stage.clientOfEach(cluster) as [KvClient, KvClient, KvClient];
});

describe('tombstones', () => {
  it('a replica that slept through a delete does not bring the value back', async () => {
    const sleeper = cluster.nodes[2]!;
    await clients[0].put('deleted', 'old', { consistency: 'all' });
    await sleeper.kill();
    expect((await clients[0].delete('deleted')).previous).toBe('old');
    await startAgain([sleeper], clients);
    // Its own copy is the old value still; a quorum knows better, and tells it.
    expect(await clients[2].get('deleted', { consistency: 'one' })).toBe('old');
    for (const client of clients) expect(await client.get('deleted')).toBeUndefined();
    await eventually('its copy is deleted too', async () => {
      expect(await clients[2].get('deleted')).toBeUndefined();
      return (await clients[2].get('deleted', { consistency: 'one' })) === undefined;
    });
  });

  it('a delete outlives SIGKILL of every node', async () => {
    await clients[0].put('gone', 'value');
    await clients[1].delete('gone');
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    await startAgain(cluster.nodes, clients);
    for (const client of clients) {
      expect(await client.get('gone')).toBeUndefined();
      expect(await client.get('deleted')).toBeUndefined();
    }
    expect((await clients[2].put('gone', 'again')).previous).toBeUndefined();
    expect(await clients[0].get('gone')).toBe('again');
  });
});
