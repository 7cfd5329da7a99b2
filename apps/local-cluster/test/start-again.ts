import type { KvClient } from '@kv/client';

import type { LocalNode } from '../src/index.js';

/** Starts ended nodes and waits until they serve, and until clients of theirs noticed. */
export async function startAgain(
  nodes: readonly LocalNode[],
  clients: readonly KvClient[] = [],
): Promise<void> {
  for (const node of nodes) node.start();
  await Promise.all(nodes.map((node) => node.waitUntilServing()));
  await Promise.all(clients.map((client) => client.ready()));
}
