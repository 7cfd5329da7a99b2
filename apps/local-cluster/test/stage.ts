import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from '@jest/globals';
import { KvClient, type KvClientOptions } from '@kv/client';

import { type LocalCluster, type LocalClusterOptions, startLocalCluster } from '../src/index.js';

const { env } = process;

/** What a story needs, taken down after it whatever happened. */
export interface Stage {
  /** A new directory, deleted at the end unless KV_TEST_KEEP is set. */
  directory(): Promise<string>;
  /** Three nodes on free ports and a new directory, unless the options say otherwise. */
  cluster(options?: Partial<LocalClusterOptions>): Promise<LocalCluster>;
  /** A client that knows these nodes only. */
  client(endpoints: readonly string[], options?: KvClientOptions): KvClient;
  /** One client for each node of the cluster. */
  clientOfEach(cluster: LocalCluster, options?: KvClientOptions): readonly KvClient[];
  /** Runs at the end, the last one first. */
  atEnd(act: () => unknown): void;
}

export function createStage(): Stage {
  const acts: (() => unknown)[] = [];
  afterAll(async () => {
    for (const act of acts.reverse()) await act();
  });
  const stage: Stage = {
    async directory() {
      const path = await mkdtemp(join(tmpdir(), 'kv-e2e-'));
      acts.push(() => (env['KV_TEST_KEEP'] === undefined ? rm(path, { recursive: true }) : undefined));
      return path;
    },
    async cluster(options = {}) {
      const dataDirectory = options.dataDirectory ?? (await stage.directory());
      const cluster = await startLocalCluster({ basePort: 0, ...options, dataDirectory });
      acts.push(() => Promise.all(cluster.nodes.map((node) => node.kill())));
      return cluster;
    },
    client(endpoints, options) {
      // Who names one node means that one, and not whoever owns the key.
      const routing = endpoints.length > 1;
      const client = new KvClient([...endpoints], { timeoutMs: 20_000, routing, ...options });
      acts.push(() => client.close());
      return client;
    },
    clientOfEach: ({ endpoints }, options) => endpoints.map((endpoint) => stage.client([endpoint], options)),
    atEnd: (act) => acts.push(act),
  };
  return stage;
}
