import type { BenchmarkOptions } from '../cluster/options.js';
import { baseLoad, combine } from '../cluster/settings.js';
import type { Step } from '../cluster/step.js';
import { keyCountFor } from '../load/keys.js';
import type { KeyOrder, Load, WorkloadName } from '../load/load.js';

/** Shares of reads and writes, over keys that are equally hot and over keys of which few are very hot. */
export function mixesSteps(options: BenchmarkOptions): Step[] {
  const mixes = combine(['uniform', 'zipf'] as const, ['read-heavy', 'mixed', 'write-heavy'] as const);
  return own(
    'mixes',
    options,
    mixes.map(([keyOrder, workload]) => ({ ...baseLoad(options), keyOrder, workload })),
  );
}

/** 100 bytes to 100 KB. */
export function valuesSteps(options: BenchmarkOptions): Step[] {
  const { keys } = options;
  const sizes = combine([100, 1_000, 10_000, 100_000], ['put', 'get'] as const);
  return own(
    'values',
    options,
    sizes.map(([valueBytes, workload]) => ({
      ...baseLoad(options),
      workload,
      valueBytes,
      keys: keyCountFor({ keys, valueBytes }),
      inFlight: 64,
    })),
  );
}

/** The same operations in flight from one client and from several. */
export function clientsSteps(options: BenchmarkOptions): Step[] {
  const combinations = combine([1, options.clients], ['put', 'get'] as const);
  return own(
    'clients',
    options,
    combinations.map(([clients, workload]) => ({ ...baseLoad(options), workload, clients })),
  );
}

const ycsb: readonly (readonly [WorkloadName, KeyOrder])[] = [
  ['ycsb-a', 'zipf'],
  ['ycsb-b', 'zipf'],
  ['ycsb-c', 'zipf'],
  ['ycsb-d', 'latest'],
  ['ycsb-f', 'zipf'],
];

/** The core workloads of YCSB, but E: a scan goes in no order that its ranges would make sense in. */
export function ycsbSteps(options: BenchmarkOptions): Step[] {
  return own(
    'ycsb',
    options,
    ycsb.map(([workload, keyOrder]) => ({ ...baseLoad(options), workload, keyOrder })),
  );
}

function own(part: Step['part'], { nodes, durability }: BenchmarkOptions, loads: readonly Load[]): Step[] {
  return [{ part, targets: [{ system: 'kv', durability, nodes }], rounds: 1, loads: () => loads }];
}
