import type { Load } from '../load/load.js';
import { type Loader, startLoader } from '../load/loader.js';
import type { Servers } from '../peers/servers.js';
import type { SystemName } from '../peers/system.js';
import type { TargetOptions } from './step.js';

export interface PrepareOptions {
  /** After that, fewer keys than asked for are enough. */
  readonly preloadTimeoutMs: number;
  readonly runInMs: number;
}

interface Preloaded {
  readonly asked: number;
  readonly loaded: number;
}

/** Servers of one system that are up, and what has been done to them. Two clients of one system share them. */
export interface Running {
  readonly servers: Servers;
  readonly directory: string;
  readonly loaders: Map<SystemName, Loader>;
  /** By length of value. */
  readonly preloaded: Map<number, Preloaded>;
  readonly ranIn: Set<SystemName>;
}

/** Servers that are up, with the process that loads them. */
export class Target {
  readonly options: TargetOptions;
  readonly servers: Servers;
  readonly loader: Loader;
  readonly #running: Running;
  readonly #prepareOptions: PrepareOptions;

  constructor(options: TargetOptions, running: Running, prepareOptions: PrepareOptions) {
    const { system } = options;
    const { servers, loaders } = running;
    this.options = options;
    this.servers = servers;
    this.loader =
      loaders.get(system) ?? startLoader({ system, endpoints: servers.endpoints, serverPids: servers.pids });
    loaders.set(system, this.loader);
    this.#running = running;
    this.#prepareOptions = prepareOptions;
  }

  /**
   * Before a load is measured: puts its keys unless they are there, and the first time lets servers and client run in, since
   * code that V8 has not compiled yet says nothing about the system.
   *
   * @returns how many keys are there
   */
  async prepare(load: Load): Promise<number> {
    const { system } = this.options;
    const { ranIn } = this.#running;
    const keys = system === 'grpc-stream' ? load.keys : await this.#preload(load);
    if (!ranIn.has(system)) {
      ranIn.add(system);
      await this.#runIn({ ...load, keys });
    }
    return keys;
  }

  /** V8 compiles what ran so often, in each process: more nodes, and slow ones, need more time for it. */
  async #runIn(load: Load): Promise<void> {
    let operations = 0;
    for (let pass = 0; pass < runInPassesMax && operations < this.options.nodes * runInOperations; pass++) {
      operations += (await this.loader.measure(runInLoad(load, this.#prepareOptions.runInMs))).operations;
    }
  }

  async #preload({ keys, valueBytes }: Load): Promise<number> {
    const { preloaded } = this.#running;
    const before = preloaded.get(valueBytes);
    if (before !== undefined && before.asked >= keys) return Math.min(keys, before.loaded);
    const timeoutMs = this.#prepareOptions.preloadTimeoutMs;
    const loaded = await this.loader.preload({ keys, valueBytes, timeoutMs });
    preloaded.set(valueBytes, { asked: keys, loaded });
    return loaded;
  }
}

/** So many that batches form, as they do in most of what is measured. */
const runInInFlight = 256;

/** For each node. */
const runInOperations = 10_000;
const runInPassesMax = 5;

function runInLoad({ keys, valueBytes, seed }: Load, durationMs: number): Load {
  return {
    ...{
      workload: 'mixed',
      keyOrder: 'uniform',
      level: 'quorum',
      previous: false,
      busyPolls: false,
      inFlight: runInInFlight,
    },
    ...{ clients: 1, keys, valueBytes, seed, warmUpMs: 0, durationMs },
  };
}
