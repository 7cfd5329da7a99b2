import type { Result } from '../cluster/result.js';

/** A result with figures that a test can tell apart; what matters to it is given. */
export function resultOf(given: Partial<Result>): Result {
  return {
    system: 'kv',
    workload: 'put',
    level: 'quorum',
    durability: 'interval',
    inFlight: 256,
    clients: 1,
    valueBytes: 100,
    opsPerSecond: 1000,
    operations: 1000,
    seconds: 1,
    refused: 0,
    absent: 0,
    meanUs: 10,
    p50Us: 10,
    p90Us: 20,
    p95Us: 25,
    p99Us: 30,
    p999Us: 40,
    maxUs: 50,
    part: 'throughput',
    round: 1,
    nodes: 3,
    keys: 10_000,
    keyOrder: 'uniform',
    previous: false,
    busyPolls: false,
    ...given,
  };
}
