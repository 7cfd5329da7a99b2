import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { KvClient } from '@kv/client';
import { startLocalCluster } from '@kv/local-cluster';

import type { BenchmarkOptions } from './options.js';
import type { Durability, Level, Result, WorkloadName } from './result.js';
import { runLoad } from './run-load.js';
import { createWorkload, keyOf, valueOf } from './workload.js';

const workloads: readonly WorkloadName[] = ['put', 'get', 'mixed'];
const levels: readonly Level[] = ['quorum', 'one'];
const preloadInFlight = 64;
const warmUpMs = 500;

/** Every workload at every level, durability and number in flight, each durability on a cluster of its own. */
export async function* measureCluster(options: BenchmarkOptions): AsyncGenerator<Result> {
  for (const durability of options.durability) yield* measureDurability(options, durability);
}

async function* measureDurability(options: BenchmarkOptions, durability: Durability): AsyncGenerator<Result> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'kv-bench-'));
  const cluster = await startLocalCluster({ nodes: options.nodes, basePort: 0, dataDirectory, durability });
  const clients = Array.from({ length: options.clients }, () => new KvClient(cluster.endpoints));
  try {
    await preload(clients[0]!, options);
    for (const workload of workloads) {
      for (const level of levels) {
        for (const inFlight of options.inFlight) {
          const { keys, valueBytes, seed, durationMs } = options;
          const nextOperation = createWorkload({ name: workload, level, keys, valueBytes, seed });
          const load = { clients, inFlight, nextOperation };
          await runLoad({ ...load, durationMs: Math.min(warmUpMs, durationMs) });
          const figures = await runLoad({ ...load, durationMs });
          yield {
            system: 'kv',
            workload,
            level,
            durability,
            inFlight,
            clients: clients.length,
            valueBytes,
            ...figures,
          };
        }
      }
    }
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await cluster.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

/** Every key is there before the first measurement, so that a get always carries a value. */
async function preload(client: KvClient, { keys, valueBytes }: BenchmarkOptions): Promise<void> {
  const value = valueOf(valueBytes);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < keys) await client.put(keyOf(next++), value, { previous: false });
  };
  await Promise.all(Array.from({ length: preloadInFlight }, worker));
}
