import { resolve } from 'node:path';

import { KvError } from '@kv/errors';

import { nodesMax, portMax, readyTimeoutMs } from './limits.js';

export interface LocalClusterOptions {
  /** Where the nodes keep their data, each in a folder named by its id. Made if absent. */
  readonly dataDirectory: string;
  /** How many, default 3; their ids are node1, node2, ... */
  readonly nodes?: number;
  /** Port of node1; the others follow. Default 50051; 0 = whatever ports are free. */
  readonly basePort?: number;
  /** Default 3, or the number of nodes if that is smaller. */
  readonly replicationFactor?: number;
  /** Default: the node's own, which is `always`. */
  readonly durability?: 'always' | 'interval' | 'os';
  /** More command line for every node, for example `['--snapshot-interval', '1']`. */
  readonly extraArguments?: readonly string[];
  /** Command line of Node itself, before the script, for example `['--import', 'file:///...']`. */
  readonly execArguments?: readonly string[];
  /** How long all nodes together may take until they serve, in milliseconds; default 60,000. */
  readonly readyTimeoutMs?: number;
  /** Gives up starting. */
  readonly signal?: AbortSignal;
}

export interface ResolvedOptions {
  readonly dataDirectory: string;
  readonly nodes: number;
  readonly basePort: number;
  readonly nodeArguments: readonly string[];
  readonly execArguments: readonly string[];
  readonly readyTimeoutMs: number;
}

/** @throws KvError invalid-argument */
export function resolveOptions(options: LocalClusterOptions): ResolvedOptions {
  const { nodes = 3, basePort = 50_051, replicationFactor = Math.min(3, nodes), durability } = options;
  checkRange('nodes', nodes, 1, nodesMax);
  if (basePort !== 0) checkRange('base-port', basePort, 1, portMax - nodes + 1);
  if (options.dataDirectory === '') {
    throw new KvError('invalid-argument', '--data-dir must name a directory, it is empty');
  }
  checkRange('replication-factor', replicationFactor, 1, nodes);
  return {
    dataDirectory: resolve(options.dataDirectory),
    nodes,
    basePort,
    nodeArguments: [
      ...['--replication-factor', String(replicationFactor)],
      ...(durability === undefined ? [] : ['--durability', durability]),
      ...(options.extraArguments ?? []),
    ],
    execArguments: options.execArguments ?? [],
    readyTimeoutMs: options.readyTimeoutMs ?? readyTimeoutMs,
  };
}

function checkRange(name: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new KvError(
    'invalid-argument',
    `--${name} must be a whole number from ${least} to ${most}, not ${value}`,
  );
}
