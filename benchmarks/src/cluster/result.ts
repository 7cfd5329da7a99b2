import type { Machine } from '../machine.js';

/** The record of one measurement; every benchmark of the cluster writes the same one, so that runs can be compared. */
export interface Result {
  /** `kv`, or the name of a peer. */
  readonly system: string;
  readonly workload: WorkloadName;
  readonly level: Level;
  /** What an acknowledged write has survived. */
  readonly durability: Durability;
  /** Operations under way at any moment, over all clients. */
  readonly inFlight: number;
  readonly clients: number;
  readonly valueBytes: number;
  readonly opsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** `mixed` is 80 % get, 20 % put. */
export type WorkloadName = 'put' | 'get' | 'mixed';
export type Level = 'one' | 'quorum';
export type Durability = 'always' | 'interval' | 'os';

export interface Report {
  readonly machine: Machine;
  readonly results: readonly Result[];
}
