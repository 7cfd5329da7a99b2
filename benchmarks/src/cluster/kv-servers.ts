import { join } from 'node:path';

import { startLocalCluster } from '@kv/local-cluster';

import type { Servers, ServersOptions } from '../peers/servers.js';
import { createMonitor, monitorArguments } from './monitor.js';

export async function startKv({ directory, durability, nodes }: ServersOptions): Promise<Servers> {
  const cluster = await startLocalCluster({
    nodes,
    basePort: 0,
    dataDirectory: join(directory, 'data'),
    durability,
    execArguments: monitorArguments(directory),
  });
  const running = cluster.nodes.map(({ id, pid }) => ({ id, pid: pid! }));
  return {
    endpoints: cluster.endpoints,
    pids: running.map(({ pid }) => pid),
    stop: () => cluster.stop(),
    monitors: running.map(({ id, pid }) => createMonitor(id, pid, directory)),
  };
}
