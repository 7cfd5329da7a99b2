import type { BenchmarkOptions } from '../cluster/options.js';
import { baseLoad, combine } from '../cluster/settings.js';
import type { Step } from '../cluster/step.js';
import type { Load } from '../load/load.js';

/** Until the first, a majority, and the last of the replicas has acknowledged; keys in order and at random. */
export function replicationSteps(options: BenchmarkOptions): Step[] {
  const { nodes, durability } = options;
  const loads = combine(['sequential', 'uniform'] as const, ['one', 'quorum', 'all'] as const).map(
    ([keyOrder, level]) => ({ ...baseLoad(options), keyOrder, level, inFlight: 1 }),
  );
  return [
    { part: 'replication', targets: [{ system: 'kv', durability, nodes }], rounds: 1, loads: () => loads },
  ];
}

/** One operation at a time, beside a bare round trip on an open gRPC stream, in turn; then by a client that polls. */
export function oneInFlightSteps(options: BenchmarkOptions): Step[] {
  const { nodes, durability, rounds } = options;
  const base = { ...baseLoad(options), inFlight: 1 };
  const put = base;
  return [
    {
      part: 'one-in-flight',
      targets: [
        { system: 'kv', durability, nodes },
        { system: 'grpc-stream', durability, nodes: 1 },
      ],
      rounds,
      loads: () => {
        const loads: readonly Load[] = [put, { ...base, workload: 'get' }, { ...base, level: 'one' }];
        return [...loads, ...loads.map((load) => ({ ...load, busyPolls: true }))];
      },
      appliesTo: (load, { system }) => system === 'kv' || load === put,
    },
  ];
}
