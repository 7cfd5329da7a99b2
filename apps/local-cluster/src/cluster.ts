import { join } from 'node:path';

import { prepareDirectory, readShape, requireSameShape } from './data-directory.js';
import { createLocalNode, type LocalNode } from './node-process.js';
import { type LocalClusterOptions, resolveOptions } from './options.js';
import { findFreePorts, portsFrom, requireFreePorts } from './ports.js';

export interface LocalCluster {
  /** In the order of their ids: node1, node2, ... */
  readonly nodes: readonly LocalNode[];
  /** host:port of each, for a client. */
  readonly endpoints: readonly string[];
  /** Ends every node in order (SIGTERM, later SIGKILL); the data stays. */
  stop(): Promise<void>;
}

/**
 * Starts node processes on 127.0.0.1 and resolves when all of them serve. If one cannot, none is left running.
 *
 * @throws KvError invalid-argument (options; data made for another shape), unavailable (busy port; a node ended, with
 *   the end of its log), internal (directory not writable), timeout; or the reason of `signal`
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { signal } = options;
  const resolved = resolveOptions(options);
  const { dataDirectory, nodes: count } = resolved;
  const old = await readShape(dataDirectory);
  const basePort =
    resolved.basePort === 0 ? (old?.basePort ?? (await findFreePorts(count))) : resolved.basePort;
  const shape = { nodes: count, basePort };
  requireSameShape(dataDirectory, old, shape);
  await requireFreePorts(basePort, count);

  const members = portsFrom(basePort, count).map((port, index) => ({ id: `node${index + 1}`, port }));
  await prepareDirectory(
    dataDirectory,
    members.map(({ id }) => id),
    shape,
  );
  const peers = members.map(({ id, port }) => `${id}@127.0.0.1:${port}`).join(',');
  const nodes = members.map(({ id, port }) =>
    createLocalNode({
      id,
      port,
      dataDirectory: join(dataDirectory, id),
      arguments: ['--peers', peers, ...resolved.nodeArguments],
      execArguments: resolved.execArguments,
    }),
  );
  const cluster: LocalCluster = {
    nodes,
    endpoints: nodes.map(({ address }) => address),
    async stop() {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
  try {
    signal?.throwIfAborted();
    for (const node of nodes) node.start();
    const wait = { timeoutMs: resolved.readyTimeoutMs, ...(signal === undefined ? {} : { signal }) };
    await Promise.all(nodes.map((node) => node.waitUntilServing(wait)));
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
