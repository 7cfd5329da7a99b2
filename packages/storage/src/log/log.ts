import type { KvError } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import type { LogPosition } from '../engine/engine.js';

/** Whether the log takes records now. */
export type LogState =
  | { readonly kind: 'open' }
  /** Refuses, and tries by itself to write what it holds. */
  | { readonly kind: 'full' }
  /** For good: see the error. */
  | { readonly kind: 'failed'; readonly error: KvError }
  | { readonly kind: 'closed' };

/** Where applied records go to become durable. */
export interface Log {
  readonly state: LogState;
  /** Queues records that must survive a crash together. They keep the bytes' memory; never change them. */
  append(records: readonly Uint8Array[]): LogPosition;
  /** Position of the newest record appended, and of the newest that left the queue. */
  readonly appended: LogPosition;
  readonly written: LogPosition;
  /** Of the newest durable batch. */
  readonly sequence: number;
  durable(position: LogPosition): Promise<void>;
  isDurable(position: LogPosition): boolean;
  readonly ceiling: Timestamp;
  persistCeiling(ceiling: Timestamp): Promise<void>;
  /** Begins a new file; everything appended before is in files below it or in this one. */
  rotate(): Promise<{ readonly sequence: number; readonly firstBatch: number }>;
  /** Resolves once everything appended before is on stable storage, whatever the durability level. */
  sync(): Promise<void>;
  /** Forgets the files below, which a snapshot replaced. */
  release(below: number): void;
  stats(): LogStats;
  close(): Promise<void>;
}

export interface LogStats {
  readonly logBytes: number;
  readonly appended: number;
  readonly durable: number;
  readonly batches: number;
  readonly syncs: number;
}
