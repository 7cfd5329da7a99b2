import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startEcho } from '../peers/echo-servers.js';
import { startEtcd } from '../peers/etcd-servers.js';
import { startRedis } from '../peers/redis-servers.js';
import type { Servers, ServersOptions } from '../peers/servers.js';
import type { SystemName } from '../peers/system.js';
import { startKv } from './kv-servers.js';
import type { TargetOptions } from './step.js';
import { type PrepareOptions, type Running, Target } from './target.js';

const starters: Readonly<Record<SystemName, (options: ServersOptions) => Promise<Servers>>> = {
  kv: startKv,
  ioredis: startRedis,
  'node-redis': startRedis,
  etcd: startEtcd,
  'grpc-stream': startEcho,
};

/** Starts the systems that a step needs, and keeps those that the next one needs too. */
export class Stage {
  readonly #running = new Map<string, Running>();
  readonly #options: PrepareOptions;
  #isClosed = false;

  constructor(options: PrepareOptions) {
    this.#options = options;
  }

  /** Nothing is started any more. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What is not among them is stopped first: it would take processor time. */
  async set(wanted: readonly TargetOptions[]): Promise<Target[]> {
    const names = new Set(wanted.map(nameOf));
    for (const [name, running] of this.#running) {
      if (names.has(name)) continue;
      this.#running.delete(name);
      await stop(running);
    }
    const targets: Target[] = [];
    for (const options of wanted) {
      if (this.#isClosed) throw new Error('interrupted');
      const name = nameOf(options);
      const running = this.#running.get(name) ?? (await start(options));
      this.#running.set(name, running);
      targets.push(new Target(options, running, this.#options));
    }
    return targets;
  }

  /** Ends everything, and deletes its data. */
  async clear(): Promise<void> {
    await this.set([]);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.clear();
  }
}

function nameOf({ system, durability, nodes }: TargetOptions): string {
  switch (system) {
    case 'kv':
      return `kv ${durability} ${nodes}`;
    case 'ioredis':
    case 'node-redis':
      return `redis ${durability}`;
    case 'etcd':
    case 'grpc-stream':
      return system;
  }
}

async function start({ system, ...options }: TargetOptions): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), 'kv-bench-'));
  try {
    const servers = await starters[system]({ ...options, directory });
    return { servers, directory, loaders: new Map(), preloaded: new Map(), ranIn: new Set() };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    throw error;
  }
}

async function stop({ servers, directory, loaders }: Running): Promise<void> {
  await Promise.all([...loaders.values()].map((loader) => loader.close()));
  await servers.stop();
  await rm(directory, { recursive: true, force: true });
}
