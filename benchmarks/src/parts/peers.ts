import type { BenchmarkOptions } from '../cluster/options.js';
import { baseLoad, combine } from '../cluster/settings.js';
import type { Step, TargetOptions } from '../cluster/step.js';
import type { Durability, Load } from '../load/load.js';
import type { SystemName } from '../peers/system.js';

/** Where the comparisons are judged: enough in flight that rates, and not round trips, decide. */
const crowds = [256, 1024];

/**
 * Beside Redis with an asynchronous replication and a sync each second. First with the replaced value omitted, as Redis
 * omits it unless asked; then told by both. All of the first curve only in a full run.
 */
export function redisSteps(options: BenchmarkOptions): Step[] {
  const { nodes, inFlight, isQuick } = options;
  const base = baseLoad(options);
  const targets = targetsOf(['kv', 'ioredis', 'node-redis'], 'interval', nodes);
  const compared = combine(['put', 'get'] as const, isQuick ? crowds : union(inFlight, crowds));
  const more: readonly Load[] = isQuick
    ? []
    : [
        ...crowds.map((count) => ({ ...base, workload: 'mixed' as const, inFlight: count })),
        { ...base, workload: 'ycsb-a', keyOrder: 'zipf' },
        { ...base, workload: 'ycsb-b', keyOrder: 'zipf' },
      ];
  const told = (isQuick ? [256] : crowds).map((count) => ({ ...base, inFlight: count, previous: true }));
  return [
    step('redis', options, targets, [
      ...compared.map(([workload, count]) => ({ ...base, workload, inFlight: count })),
      ...more,
      ...told,
    ]),
  ];
}

/** A primary and two replicas; three members. */
const peerNodes = 3;

/** Beside Redis that syncs its primary's file before it answers. */
export function redisAlwaysSteps(options: BenchmarkOptions): Step[] {
  const { nodes, isQuick } = options;
  const systems = isQuick ? (['kv', 'ioredis'] as const) : (['kv', 'ioredis', 'node-redis'] as const);
  const loads = (isQuick ? [1024] : crowds).map((inFlight) => ({ ...baseLoad(options), inFlight }));
  return [step('redis-always', options, targetsOf(systems, 'always', nodes), loads)];
}

/** Beside etcd, which always syncs a majority. */
export function etcdSteps(options: BenchmarkOptions): Step[] {
  const { nodes, isQuick } = options;
  const base = baseLoad(options);
  const puts = [1024, 64].map((inFlight) => ({ ...base, inFlight }));
  const more: readonly Load[] = isQuick
    ? []
    : [
        { ...base, workload: 'get', inFlight: 64 },
        { ...base, workload: 'get', inFlight: 1024 },
      ];
  const told: Load = { ...base, inFlight: 64, previous: true };
  return [step('etcd', options, targetsOf(['kv', 'etcd'], 'always', nodes), [...puts, ...more, told])];
}

function step(
  part: Step['part'],
  { rounds }: BenchmarkOptions,
  targets: readonly TargetOptions[],
  loads: readonly Load[],
): Step {
  return { part, targets, rounds, loads: () => loads };
}

function targetsOf(systems: readonly SystemName[], durability: Durability, nodes: number): TargetOptions[] {
  return systems.map((system) => ({ system, durability, nodes: system === 'kv' ? nodes : peerNodes }));
}

function union(first: readonly number[], second: readonly number[]): number[] {
  return [...new Set([...first, ...second])].sort((a, b) => a - b);
}
