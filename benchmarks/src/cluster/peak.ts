import type { WorkloadName } from '../load/load.js';
import type { Result } from './result.js';

/** So much of the highest rate is as good as the highest: above it, more in flight only waits longer. */
const kneeShare = 0.9;

/** Of the curve over operations in flight at a quorum: its highest point. */
export function peakOf(results: readonly Result[], workload: WorkloadName): Result | undefined {
  return curveOf(results, workload).reduce<Result | undefined>(
    (best, each) => (best === undefined || each.opsPerSecond > best.opsPerSecond ? each : best),
    undefined,
  );
}

/** Of the same curve: the first point near its highest. */
export function kneeOf(results: readonly Result[], workload: WorkloadName): Result | undefined {
  const peak = peakOf(results, workload);
  return curveOf(results, workload).find(
    ({ opsPerSecond }) => opsPerSecond >= kneeShare * (peak?.opsPerSecond ?? Infinity),
  );
}

function curveOf(results: readonly Result[], workload: WorkloadName): Result[] {
  return results
    .filter((each) => each.part === 'throughput' && each.workload === workload)
    .filter(({ level, previous }) => level === 'quorum' && !previous)
    .sort((a, b) => a.inFlight - b.inFlight);
}
