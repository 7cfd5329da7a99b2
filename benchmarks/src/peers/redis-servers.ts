import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { findFreePorts } from '@kv/local-cluster';
import { Redis } from 'ioredis';

import type { Servers, ServersOptions } from './servers.js';
import { type Program, startProgram, versionOf, waitUntil } from './program.js';

const program = 'redis-server';
const replicas = 2;

/** When the append-only file is synced: at each group of writes, or each second. */
const appendFsync = { always: 'always', interval: 'everysec', os: 'no' } as const;

export const redisVersion = (): string | undefined => versionOf(program);

/**
 * One primary and two replicas, each with an append-only file, no snapshots. Everything else is Redis' own default. The
 * replicas are asynchronous, as Redis knows no others: a SET is acknowledged by the primary alone.
 */
export async function startRedis({ directory, durability }: ServersOptions): Promise<Servers> {
  const firstPort = await findFreePorts(1 + replicas);
  const programs: Program[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(programs.map((each) => each.stop()));
  };
  try {
    for (let index = 0; index <= replicas; index++) {
      const own = join(directory, `redis-${index}`);
      await mkdir(own);
      const words = [
        ...['--port', String(firstPort + index), '--bind', '127.0.0.1', '--dir', own, '--save', ''],
        ...['--appendonly', 'yes', '--appendfsync', appendFsync[durability], '--daemonize', 'no'],
        ...(index === 0 ? [] : ['--replicaof', '127.0.0.1', String(firstPort)]),
      ];
      programs.push(await startProgram(program, words, join(own, 'redis.log')));
    }
    await waitUntil('redis-server: replication', () => isReplicating(firstPort), programs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoints: [`127.0.0.1:${firstPort}`], pids: programs.map(({ pid }) => pid), stop };
}

async function isReplicating(port: number): Promise<boolean> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    const information = await redis.info('replication');
    return [...information.matchAll(/state=online/g)].length === replicas;
  } finally {
    redis.disconnect();
  }
}
