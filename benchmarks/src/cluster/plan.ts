import { clientsSteps, mixesSteps, valuesSteps, ycsbSteps } from '../parts/kinds-of-load.js';
import { oneInFlightSteps, replicationSteps } from '../parts/latency.js';
import { etcdSteps, redisAlwaysSteps, redisSteps } from '../parts/peers.js';
import { scaleSteps } from '../parts/scale.js';
import { halfOfPeakSteps, memorySteps, overloadSteps, sustainedSteps } from '../parts/steadiness.js';
import { alwaysSteps, levelsSteps, throughputSteps } from '../parts/throughput.js';
import type { BenchmarkOptions } from './options.js';
import type { PartName } from './part-names.js';
import type { Step } from './step.js';

const steps: Readonly<Record<PartName, (options: BenchmarkOptions) => Step[]>> = {
  throughput: throughputSteps,
  mixes: mixesSteps,
  values: valuesSteps,
  clients: clientsSteps,
  ycsb: ycsbSteps,
  replication: replicationSteps,
  levels: levelsSteps,
  'one-in-flight': oneInFlightSteps,
  sustained: sustainedSteps,
  'half-of-peak': halfOfPeakSteps,
  overload: overloadSteps,
  memory: memorySteps,
  redis: redisSteps,
  'redis-always': redisAlwaysSteps,
  always: alwaysSteps,
  etcd: etcdSteps,
  scale: scaleSteps,
};

export function planOf(options: BenchmarkOptions): Step[] {
  return options.parts.flatMap((part) => steps[part](options));
}
