import { beforeAll, describe, expect, it } from '@jest/globals';
import { compareVersions, type KvClient, type Version } from '@kv/client';

import type { LocalCluster } from '../src/index.js';
import { inFlight, range } from './in-flight.js';
import { createStage } from './stage.js';

const stage = createStage();
let cluster: LocalCluster;
let clients: readonly KvClient[];

beforeAll(async () => {
  cluster = await stage.cluster();
  clients = stage.clientOfEach(cluster, { timeoutMs: 30_000 });
});

describe('timestamp ordering', () => {
  it('each write through any node gets a version above all acknowledged before it, and wins', async () => {
    let last: Version | undefined;
    for (const i of range(60)) {
      const { version, previous } = await clients[i % 3]!.put('ordered', `write ${i}`);
      if (last !== undefined) {
        expect(compareVersions(version, last)).toBeGreaterThan(0);
        expect(previous).toBe(`write ${i - 1}`);
      }
      expect(await clients[(i + 1) % 3]!.get('ordered')).toBe(`write ${i}`);
      last = version;
    }
  });

  it('while one writes, no reader ever sees an older version after a newer one', async () => {
    let writing = true;
    const reads = clients.map(async (client) => {
      const seen: number[] = [];
      while (writing) seen.push(Number((await client.get('rising')) ?? -1));
      return seen;
    });
    for (const i of range(200)) await clients[i % 3]!.put('rising', String(i));
    writing = false;
    for (const seen of await Promise.all(reads)) {
      expect(new Set(seen).size).toBeGreaterThan(5);
      expect(seen).toEqual([...seen].sort((a, b) => a - b));
    }
  });
});

describe('concurrent operations', () => {
  it('writers of one key through all nodes: all are acknowledged, and the highest version is what everybody reads', async () => {
    const writes = await inFlight(24, range(240), async (i) => {
      const value = `write ${i}`;
      return { value, version: (await clients[i % 3]!.put('contended', value)).version };
    });
    const winner = writes.reduce((best, write) =>
      compareVersions(write.version, best.version) > 0 ? write : best,
    );
    expect(new Set(writes.map(({ version: { timestamp, node } }) => `${timestamp}/${node}`)).size).toBe(240);
    for (const client of clients) {
      expect(await client.getEntry('contended')).toMatchObject(winner);
    }
  });

  it('puts and deletes of shared keys end the same on every node', async () => {
    const keys = range(10).map((i) => `shared ${i}`);
    await inFlight(32, range(400), (i) => {
      const client = clients[i % 3]!;
      const key = keys[i % 10]!;
      return i % 4 === 0 ? client.delete(key) : client.put(key, `write ${i}`);
    });
    const [first, ...others] = await Promise.all(
      clients.map((client) => Promise.all(keys.map((key) => client.getEntry(key)))),
    );
    for (const other of others) expect(other).toEqual(first);
  });
});

describe('high concurrency', () => {
  it('3 × 256 operations in flight: every one is answered, every value is right', async () => {
    const perClient = range(1_000);
    const run = <R>(work: (client: KvClient, key: string) => Promise<R>) =>
      Promise.all(
        clients.map((client, c) => inFlight(256, perClient, (i) => work(client, `busy ${c} ${i}`))),
      );
    await run((client, key) => client.put(key, `value of ${key}`));
    const read = await run((client, key) => client.get(key));
    const expected = clients.map((_, c) => perClient.map((i) => `value of busy ${c} ${i}`));
    expect(read).toEqual(expected);
  });
});
