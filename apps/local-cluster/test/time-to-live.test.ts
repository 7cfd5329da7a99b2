import { setTimeout as sleep } from 'node:timers/promises';

import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KvClient } from '@kv/client';

import type { LocalCluster } from '../src/index.js';
import { eventually } from './eventually.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

const stage = createStage();
let cluster: LocalCluster;
let clients: readonly KvClient[];

beforeAll(async () => {
  cluster = await stage.cluster();
  clients = stage.clientOfEach(cluster);
});

describe('TTL', () => {
  it('a value is there at first, then expires on every node and is no previous value', async () => {
    const [first, second, third] = clients as [KvClient, KvClient, KvClient];
    await first.put('session', 'short', { ttlMs: 2_000 });
    expect(await second.get('session')).toBe('short');
    await eventually('the value expires', async () => (await third.get('session')) === undefined);
    // Once seen expired it stays so, whatever the other clocks say.
    for (const client of clients) expect(await client.get('session')).toBeUndefined();
    expect((await first.put('session', 'next')).previous).toBeUndefined();
  });

  it('a later put without one lives on', async () => {
    await clients[0]!.put('kept', 'short', { ttlMs: 500 });
    await clients[1]!.put('kept', 'long');
    await sleep(700);
    expect(await clients[2]!.get('kept')).toBe('long');
  });

  it('expiry goes on while all nodes are down, and expired values are in no scan', async () => {
    await clients[0]!.put('while down', 'short', { ttlMs: 500 });
    await clients[0]!.put('while down, kept', 'long', { ttlMs: 3_600_000 });
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    await startAgain(cluster.nodes, clients);
    await eventually('the value expired', async () => (await clients[1]!.get('while down')) === undefined);
    const seen: string[] = [];
    for await (const { key } of clients[2]!.scan({ prefix: 'while down' })) seen.push(key);
    expect(seen).toEqual(['while down, kept']);
  });
});
