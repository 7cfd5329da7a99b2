import type { BenchmarkOptions } from '../cluster/options.js';
import { baseLoad, combine } from '../cluster/settings.js';
import type { Step } from '../cluster/step.js';

/** What more nodes and more keys cost, per second of processor time. */
export function scaleSteps(options: BenchmarkOptions): Step[] {
  const { durability, nodeCounts, keys, manyKeys } = options;
  const base = baseLoad(options);
  const loadsOver = (keyCount: number) =>
    (['put', 'get'] as const).map((workload) => ({ ...base, workload, keys: keyCount }));
  const counts = combine(nodeCounts, [keys, manyKeys]);
  return counts.map(([nodes, keyCount]) => ({
    part: 'scale',
    targets: [{ system: 'kv', durability, nodes }],
    rounds: 1,
    loads: () => loadsOver(keyCount),
  }));
}
