import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { findFreePorts } from '@kv/local-cluster';

import { openEtcd } from './etcd.js';
import { type Program, startProgram, versionOf, waitUntil } from './program.js';
import type { Servers, ServersOptions } from './servers.js';

const program = 'etcd';
const memberCount = 3;
/** 2 GiB, the default, is full after some minutes of writing: etcd keeps all versions until it is told to compact. */
const quotaBytes = 8 * 2 ** 30;

export const etcdVersion = (): string | undefined => versionOf(program);

/** Three members. A put is acknowledged when a majority has it synced to disk; nothing else can be chosen. */
export async function startEtcd({ directory }: ServersOptions): Promise<Servers> {
  const firstPort = await findFreePorts(2 * memberCount);
  const members = Array.from({ length: memberCount }, (_, index) => ({
    name: `member${index}`,
    client: `127.0.0.1:${firstPort + 2 * index}`,
    peer: `http://127.0.0.1:${firstPort + 2 * index + 1}`,
  }));
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const endpoints = members.map(({ client }) => client);
  const programs: Program[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(programs.map((each) => each.stop()));
  };
  try {
    for (const { name, client, peer } of members) {
      const own = join(directory, name);
      await mkdir(own);
      const words = [
        ...['--name', name, '--data-dir', join(own, 'data')],
        ...['--listen-client-urls', `http://${client}`, '--advertise-client-urls', `http://${client}`],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', cluster, '--initial-cluster-state', 'new'],
        ...['--quota-backend-bytes', String(quotaBytes), '--logger', 'zap', '--log-level', 'error'],
      ];
      programs.push(await startProgram(program, words, join(own, 'etcd.log')));
    }
    await waitUntil('etcd: electing a leader', () => answers(endpoints), programs);
  } catch (error) {
    await stop();
    throw error;
  }
  return { endpoints, pids: programs.map(({ pid }) => pid), stop };
}

async function answers(endpoints: readonly string[]): Promise<boolean> {
  const connection = await openEtcd(endpoints);
  try {
    await connection.use({ level: 'linearizable', previous: false }).get('ready');
    return true;
  } finally {
    await connection.close();
  }
}
