/** `mixed` is 80 % get, 20 % put; the two heavy ones 95 % of their kind. The last five are those of YCSB. */
export const workloadNames = [
  'put',
  'get',
  'mixed',
  'read-heavy',
  'write-heavy',
  'ycsb-a',
  'ycsb-b',
  'ycsb-c',
  'ycsb-d',
  'ycsb-f',
] as const;
export type WorkloadName = (typeof workloadNames)[number];
export type Level = 'one' | 'quorum' | 'all' | 'linearizable';
/** What an acknowledged write has survived: a sync, a sync each interval, or nothing but the handing over. */
export type Durability = 'always' | 'interval' | 'os';
/** `latest` is zipf over the age of keys, newest first. */
export type KeyOrder = 'uniform' | 'zipf' | 'latest' | 'sequential';

/** What one measurement asks of a system. */
export interface Load {
  readonly workload: WorkloadName;
  readonly keyOrder: KeyOrder;
  readonly level: Level;
  /** Whether a write tells the value that it replaced. */
  readonly previous: boolean;
  /** Whether the client stays awake for answers; false where it cannot. */
  readonly busyPolls: boolean;
  /** Operations under way at any moment, over all clients. */
  readonly inFlight: number;
  readonly clients: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly warmUpMs: number;
  /** Of what is measured, after the warm-up. */
  readonly durationMs: number;
  readonly seed: number;
  /** Starts so many operations a second however long they take, instead of one whenever one ends. */
  readonly ratePerSecond?: number;
  /** Counts operations that the system refuses because it is overloaded; otherwise any failure ends the run. */
  readonly countsRefusals?: boolean;
  /** Also tells figures of each such interval. */
  readonly sampleEveryMs?: number;
}

export interface Percentiles {
  readonly meanUs: number;
  readonly p50Us: number;
  readonly p90Us: number;
  readonly p95Us: number;
  readonly p99Us: number;
  readonly p999Us: number;
  readonly maxUs: number;
}

export interface LoadFigures extends Percentiles {
  readonly opsPerSecond: number;
  readonly operations: number;
  readonly seconds: number;
  /** Refused as overloaded, or timed out. */
  readonly refused: number;
  /** Gets that found nothing, which a get of a stored key at a quorum never does. */
  readonly absent: number;
  /** Processor time of all threads; undefined where there is no /proc. */
  readonly serverCpuSeconds?: number;
  readonly clientCpuSeconds?: number;
  readonly timeline?: readonly Sample[];
}

/** One interval of a longer measurement. */
export interface Sample extends Percentiles {
  /** Of its end, from the beginning of what is measured. */
  readonly atSeconds: number;
  readonly opsPerSecond: number;
  /** Resident memory, over all processes of the system's servers, and of the client. */
  readonly serverResidentBytes?: number;
  readonly clientResidentBytes?: number;
}
