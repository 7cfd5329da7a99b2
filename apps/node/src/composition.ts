import type { HybridLogicalClock } from '@kv/hlc';
import type { CoordinatorObserver, Decisions, ReplicaObserver } from '@kv/replication';
import type { StorageEngine } from '@kv/storage';

import type { FixedPlacement } from './cluster/placement.js';

/**
 * How a simulator puts a node together differently: to plant a bug, whose discovery proves a checker, and to record what
 * no client sees. In production there is none.
 */
export interface NodeComposition {
  /** In the place of the sound ones. */
  readonly decisions?: Partial<Decisions> | undefined;
  readonly observer?: NodeObserver | undefined;
  /** Called once, with the engine that was opened; its result is used instead. */
  readonly engine?: ((engine: StorageEngine) => StorageEngine) | undefined;
}

/** Called before what it tells of leaves the process. Must not throw, and decides nothing. */
export interface NodeObserver extends CoordinatorObserver, ReplicaObserver {
  /** Once for each `createNode`, as soon as the data is there. */
  opened?(event: OpenedEvent): void;
}

export interface OpenedEvent {
  /** To look into, for as long as the node runs. */
  readonly engine: StorageEngine;
  readonly hlc: HybridLogicalClock;
  readonly placement: FixedPlacement;
}
