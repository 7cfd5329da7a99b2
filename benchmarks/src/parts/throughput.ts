import type { BenchmarkOptions } from '../cluster/options.js';
import { baseLoad, combine } from '../cluster/settings.js';
import type { Step } from '../cluster/step.js';

/** The curves of rate and latency over the operations in flight. */
export function throughputSteps(options: BenchmarkOptions): Step[] {
  const { nodes, durability, inFlight } = options;
  const base = baseLoad(options);
  const atQuorum = combine(['put', 'get', 'mixed'] as const, inFlight);
  const atOne = combine(['put', 'get'] as const, inFlight);
  return [
    {
      part: 'throughput',
      targets: [{ system: 'kv', durability, nodes }],
      rounds: 1,
      loads: () => [
        ...atQuorum.map(([workload, count]) => ({ ...base, workload, inFlight: count })),
        ...atOne.map(([workload, count]) => ({ ...base, workload, inFlight: count, level: 'one' as const })),
        // What telling the replaced value costs.
        ...inFlight.map((count) => ({ ...base, inFlight: count, previous: true })),
      ],
    },
  ];
}

/** The same with a sync before each acknowledgement. */
export function alwaysSteps(options: BenchmarkOptions): Step[] {
  const { nodes, inFlight } = options;
  const loads = combine(['put', 'mixed'] as const, inFlight).map(([workload, count]) => ({
    ...baseLoad(options),
    workload,
    inFlight: count,
  }));
  return [
    {
      part: 'always',
      targets: [{ system: 'kv', durability: 'always', nodes }],
      rounds: 1,
      loads: () => loads,
    },
  ];
}

/** A ticket and a write, against a write. */
export function levelsSteps(options: BenchmarkOptions): Step[] {
  const { nodes, durability, rounds } = options;
  const loads = (['quorum', 'linearizable'] as const).map((level) => ({ ...baseLoad(options), level }));
  return [{ part: 'levels', targets: [{ system: 'kv', durability, nodes }], rounds, loads: () => loads }];
}
