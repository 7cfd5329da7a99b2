import type { Level } from '@kv/testing/checkers';
import type { Durability } from '@kv/storage';

import type { FaultKind } from '../faults/fault-kinds.js';
import type { ProfileName } from './profiles.js';

/** Everything that a run is to do, as data: drawn from a seed, shown to people, and made smaller by the shrinker. */
export interface Plan {
  readonly seed: number;
  readonly profile: ProfileName;
  readonly cluster: ClusterPlan;
  readonly clients: readonly ClientPlan[];
  readonly operations: readonly PlannedOperation[];
  readonly faults: readonly PlannedFault[];
  /** Of the safety phase: what has not begun by then is left out, faults end. */
  readonly safetyMs: number;
}

export interface ClusterPlan {
  readonly nodes: number;
  readonly replicationFactor: number;
  readonly partitions: number;
  readonly durability: Durability;
  /** 0 = off. */
  readonly snapshotIntervalMs: number;
  readonly requestTimeoutMs: number;
  /** Of one packet: at least, and mean of what is added. */
  readonly delayMs: number;
  readonly delayVariesMs: number;
  /** Of each node's wall clock. */
  readonly skewsMs: readonly number[];
  /** Of each node's clocks. */
  readonly rates: readonly number[];
}

export interface ClientPlan {
  /** How its clocks differ from true ones. */
  readonly skewMs: number;
  readonly rate: number;
  /** Operations that it runs side by side. */
  readonly strands: number;
  /** Index of the only node that it knows of; undefined = it knows them all. */
  readonly endpoint: number | undefined;
}

export interface PlannedOperation {
  readonly id: number;
  readonly client: number;
  /** Operations of one strand follow each other. */
  readonly strand: number;
  readonly kind: 'put' | 'delete' | 'get' | 'scan';
  /** Of no meaning to a scan: that goes over all of them. */
  readonly key: string;
  readonly level: Level;
  /** If it is a put; 0 = it stays. */
  readonly ttlMs: number;
  /** Bytes of the value. */
  readonly valueBytes: number;
  /** Between the end of the one before and the beginning of this. */
  readonly thinkMs: number;
  readonly timeoutMs: number;
  /** After so long the application gives it up; 0 = it waits. */
  readonly abandonMs: number;
  readonly wantPrevious: boolean;
}

/** Keys that are written only, and not touched by the liveness phase: nothing but anti-entropy makes their replicas equal. */
export function isCold(key: string): boolean {
  return key.startsWith('cold');
}

/** What the numbers mean depends on the kind; each kind reduces them to what exists. */
export interface PlannedFault {
  readonly id: number;
  readonly kind: FaultKind;
  /** From the beginning of the safety phase. */
  readonly atMs: number;
  readonly durationMs: number;
  /** Whom it hits, and in what company. */
  readonly target: number;
  readonly other: number;
  /** 0 to 1: how badly. */
  readonly amount: number;
}
