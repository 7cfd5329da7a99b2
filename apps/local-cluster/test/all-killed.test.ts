import { setTimeout as sleep } from 'node:timers/promises';

import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KvClient } from '@kv/client';

import type { LocalCluster } from '../src/index.js';
import { inFlight, range } from './in-flight.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

const stage = createStage();
let cluster: LocalCluster;
let clients: readonly KvClient[];

beforeAll(async () => {
  cluster = await stage.cluster();
  clients = stage.clientOfEach(cluster, { timeoutMs: 3_000 });
});

describe('log recovery', () => {
  it('all nodes killed with SIGKILL in the midst of writes: nothing acknowledged is missing', async () => {
    // Each writer counts up in a key of its own until its node is gone.
    const writers = range(30).map((i) => ({ key: `counter ${i}`, tried: 0, acknowledged: 0 }));
    let killed = false;
    const writing = writers.map(async (writer, i) => {
      while (!killed) {
        writer.tried += 1;
        await clients[i % 3]!.put(writer.key, String(writer.tried)).then(
          () => (writer.acknowledged = writer.tried),
          () => undefined, // whether it was stored is unknown
        );
      }
    });
    await sleep(1_500);
    await Promise.all(cluster.nodes.map((node) => node.kill()));
    killed = true;
    await Promise.all(writing);
    expect(Math.min(...writers.map(({ acknowledged }) => acknowledged))).toBeGreaterThan(0);

    await startAgain(cluster.nodes, clients);
    for (const client of clients) {
      const counters = await inFlight(8, writers, async ({ key }) => Number(await client.get(key)));
      for (const [i, { tried, acknowledged }] of writers.entries()) {
        expect(counters[i]).toBeGreaterThanOrEqual(acknowledged);
        expect(counters[i]).toBeLessThanOrEqual(tried);
      }
    }
  });

  it('again and again: three rounds of SIGKILL leave every round readable', async () => {
    for (const round of range(3)) {
      await inFlight(16, range(100), (i) => clients[round]!.put(`round ${round}, ${i}`, `value ${i}`));
      await Promise.all(cluster.nodes.map((node) => node.kill()));
      await startAgain(cluster.nodes, clients);
    }
    for (const round of range(3)) {
      const values = await inFlight(16, range(100), (i) => clients[2 - round]!.get(`round ${round}, ${i}`));
      expect(values).toEqual(range(100).map((i) => `value ${i}`));
    }
  });
});
