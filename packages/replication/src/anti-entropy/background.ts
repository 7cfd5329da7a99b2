import { type HybridLogicalClock, zeroTimestamp } from '@kv/hlc';
import type { StorageEngine } from '@kv/storage';

import type { Decisions } from '../decisions.js';
import type { Clock, Placement, Random, Timers } from '../ports.js';
import type { ReplicaObserver } from '../replica/local-ports.js';
import type { ComparableReplica } from '../replica/replica.js';
import type { Pacer } from './pacer.js';

/** What rebuilding and anti-entropy share: this copy, the ways to the others, and a bound on what they take. */
export interface Background {
  readonly engine: StorageEngine;
  readonly hlc: HybridLogicalClock;
  readonly placement: Placement;
  /** N. */
  readonly replicationFactor: number;
  /** The way to another member; undefined = there is none now. */
  replica(member: number): Pick<ComparableReplica, 'repair' | 'scanPartition' | 'digest'> | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly pacer: Pacer;
  /** For each question to another member, in milliseconds. */
  readonly timeoutMs: number;
  readonly decisions: Decisions;
  readonly observer?: ReplicaObserver | undefined;
  readonly logger: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/**
 * The reader's time of whoever copies records: what has expired is copied like the rest, so there is none. With the member's
 * own, one whose clock was set wrong once, and whose time stays ahead for that long, would be refused by all others; it
 * could neither be rebuilt nor made equal to them.
 */
export const anyTime = zeroTimestamp;

/** Owners of a partition, but this member. */
export function otherOwners({ placement }: Background, partition: number): readonly number[] {
  return placement.owners(partition).filter((member) => member !== placement.self);
}

export function sameWords(a: Uint32Array, b: Uint32Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
