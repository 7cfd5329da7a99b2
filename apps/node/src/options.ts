import type { Durability } from '@kv/storage';

import type { Peer } from './configuration/peer-list.js';
import { StartFailure } from './errors.js';

/**
 * What a node is told at its start. What is absent comes from the data directory, or else from the default: a member of
 * an existing cluster needs only its data directory.
 */
export interface NodeOptions {
  /** Default: the one in the data directory, else `node1`; a first start with `join` has no default. */
  readonly id?: string | undefined;
  /** Where to listen; default 127.0.0.1. */
  readonly host?: string | undefined;
  /**
   * Where to listen; 0 = any free one. Default: the port of this node in the list of peers, else 50051. Another one than
   * that in the list needs `advertise` too.
   */
  readonly port?: number | undefined;
  /** `host:port` under which others reach this node; default: its entry in the list of peers, else host and port. */
  readonly advertise?: string | undefined;
  /** A directory, or `:memory:` for a node that forgets everything when it stops. */
  readonly dataDirectory: string;
  /** All members, this one included; fixed when the cluster is created. Default: a cluster of one. */
  readonly peers?: readonly Peer[] | undefined;
  /** `host:port` of a member whose list of peers already names this node; used only while the data directory is empty. */
  readonly join?: string | undefined;
  /** Copies of each key, 1 to 9; default 3, or as many as there are peers if these are fewer. */
  readonly replicationFactor?: number | undefined;
  /** A power of two, 1 to 65,536; fixed when the cluster is created; default 1,024. */
  readonly partitions?: number | undefined;
  /** Shown by Cluster.Describe; with fixed peers it does not influence who holds what. Default: none. */
  readonly zone?: string | undefined;
  /** When a write counts as durable on this node; default `always`: after fsync. */
  readonly durability?: Durability | undefined;
  /** Durability `interval`: time between two fsyncs, 1 ms to a minute; default 100. */
  readonly durabilityIntervalMs?: number | undefined;
  /** Time between two snapshots; 0 = off; default 300,000. */
  readonly snapshotIntervalMs?: number | undefined;
  /** Above it puts are refused with `memory-full`; default: 60 % of the memory of the machine or container. */
  readonly memoryBytesMax?: number | undefined;
  /** Longest that a request of a client may take; default 5,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** Between two comparisons with the other copies, spread by a fifth; default 10,000. */
  readonly antiEntropyIntervalMs?: number | undefined;
  /** Before partitions are tried again of which too few owners could be merged from; default 1,000. */
  readonly rebuildPauseMs?: number | undefined;
  /** Between two questions to each peer whether it is there; default 1,000. */
  readonly probeIntervalMs?: number | undefined;
  /** The same until a quorum was seen; default 100. */
  readonly probeIntervalAtStartMs?: number | undefined;
  /** For the answer to one; default 1,000. */
  readonly probeTimeoutMs?: number | undefined;
  /** Between two looks at the clocks: a jump of the wall clock goes unnoticed no longer; default 1,000. */
  readonly clockSampleIntervalMs?: number | undefined;
}

/** What goes by itself, in milliseconds. A simulation shortens it. */
export interface Timing {
  readonly antiEntropyIntervalMs: number;
  readonly rebuildPauseMs: number;
  readonly probeIntervalMs: number;
  readonly probeIntervalAtStartMs: number;
  readonly probeTimeoutMs: number;
  readonly clockSampleIntervalMs: number;
}

export const defaults = {
  id: 'node1',
  host: '127.0.0.1',
  port: 50_051,
  replicationFactor: 3,
  partitions: 1_024,
  zone: '',
  durability: 'always',
  durabilityIntervalMs: 100,
  snapshotIntervalMs: 300_000,
  requestTimeoutMs: 5_000,
  antiEntropyIntervalMs: 10_000,
  rebuildPauseMs: 1_000,
  probeIntervalMs: 1_000,
  probeIntervalAtStartMs: 100,
  probeTimeoutMs: 1_000,
  clockSampleIntervalMs: 1_000,
} as const satisfies Partial<NodeOptions>;

/** @throws StartFailure `usage` for what is no time */
export function timingOf(options: NodeOptions): Timing {
  return {
    antiEntropyIntervalMs: time(options, 'antiEntropyIntervalMs'),
    rebuildPauseMs: time(options, 'rebuildPauseMs'),
    probeIntervalMs: time(options, 'probeIntervalMs'),
    probeIntervalAtStartMs: time(options, 'probeIntervalAtStartMs'),
    probeTimeoutMs: time(options, 'probeTimeoutMs'),
    clockSampleIntervalMs: time(options, 'clockSampleIntervalMs'),
  };
}

function time(options: NodeOptions, name: keyof Timing): number {
  const value = options[name] ?? defaults[name];
  if (Number.isFinite(value) && value >= 1) return value;
  throw new StartFailure('usage', `${name}: expected milliseconds from 1, got ${value}`);
}

export const memoryDirectory = ':memory:';
