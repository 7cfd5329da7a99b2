import { performance } from 'node:perf_hooks';

import type { KvClient } from '@kv/client';
import { build } from 'hdr-histogram-js';

import type { Operation } from './workload.js';

export interface LoadOptions {
  readonly clients: readonly KvClient[];
  /** Over all clients. */
  readonly inFlight: number;
  readonly durationMs: number;
  readonly nextOperation: () => Operation;
}

export interface LoadFigures {
  readonly opsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/**
 * A closed loop: as many workers as operations in flight, each starting its next operation when its last one was answered.
 * Any failure ends the run: a rate that counts failures would measure nothing.
 */
export async function runLoad({
  clients,
  inFlight,
  durationMs,
  nextOperation,
}: LoadOptions): Promise<LoadFigures> {
  const latenciesUs = build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000 });
  const startedMs = performance.now();
  const endMs = startedMs + durationMs;

  const worker = async (client: KvClient): Promise<void> => {
    for (let beganMs = performance.now(); beganMs < endMs;) {
      await nextOperation()(client);
      const endedMs = performance.now();
      latenciesUs.recordValue(Math.max(1, Math.round((endedMs - beganMs) * 1000)));
      beganMs = endedMs;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, (_, index) => worker(clients[index % clients.length]!)));

  const seconds = (performance.now() - startedMs) / 1000;
  return {
    opsPerSecond: Math.round(latenciesUs.totalCount / seconds),
    p50Us: latenciesUs.getValueAtPercentile(50),
    p99Us: latenciesUs.getValueAtPercentile(99),
  };
}
