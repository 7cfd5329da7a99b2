import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

import { KvError } from '@kv/errors';

/**
 * Below the range from which systems take the ports of outgoing connections (32,768 on Linux): there, another
 * connection could sit on a node's port just while the node restarts, or a connection attempt meet itself.
 */
const lowest = 10_000;
const highest = 32_000;
const attemptsMax = 200;

/** So many consecutive ports of 127.0.0.1 that nobody listens on, picked at random; the first of them. */
export async function findFreePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const first = randomInt(lowest, highest - count);
    const taken = await Promise.all(portsFrom(first, count).map(reasonNotToListen));
    if (taken.every((reason) => reason === undefined)) return first;
  }
  throw new KvError('unavailable', `found no ${count} free ports in a row between ${lowest} and ${highest}`);
}

/** @throws KvError unavailable naming the first port that cannot be listened on */
export async function requireFreePorts(first: number, count: number): Promise<void> {
  for (const port of portsFrom(first, count)) {
    const reason = await reasonNotToListen(port);
    if (reason === undefined) continue;
    const why =
      reason === 'EADDRINUSE' ? 'is in use by another process' : `cannot be listened on (${reason})`;
    throw new KvError(
      'unavailable',
      `port ${port} ${why}: stop what uses it, or choose others with --base-port`,
    );
  }
}

export function portsFrom(first: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

function reasonNotToListen(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(undefined)));
  });
}
