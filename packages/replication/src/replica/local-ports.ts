import type { HybridLogicalClock } from '@kv/hlc';
import type { RecordView, StorageEngine } from '@kv/storage';

import type { Decisions } from '../decisions.js';
import type { Incarnation } from './replica.js';

export interface LocalReplicaPorts {
  readonly engine: StorageEngine;
  readonly hlc: HybridLogicalClock;
  /** Unix milliseconds. */
  readonly clock: { nowMs(): number };
  readonly view: LocalView;
  /** Default: the sound ones. */
  readonly decisions?: Decisions | undefined;
  readonly observer?: ReplicaObserver | undefined;
}

/** For histories: what a replica did that no client sees. */
export interface ReplicaObserver {
  /** The record was taken in, be it durable or not. `repair`: by a write-back, a repair or a rebuild. */
  applied?(event: { readonly record: RecordView; readonly repair: boolean }): void;
}

/** What this member durably knows of the cluster (rule 21). */
export interface LocalView {
  epoch(): number;
  /** Whether this member is an owner of the partition. */
  owns(partition: number): boolean;
  /** Of members that ever lost data, this one included; the others' are 1 (rule 15). */
  incarnations(): readonly Incarnation[];
  /** Whether peers confirmed that no newer data directory of this member exists (rule 15). Default: they did. */
  isAdmitted?(): boolean;
}
