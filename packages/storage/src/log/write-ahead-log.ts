import type { KvError } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import type { LogPosition } from '../engine/engine.js';
import type { AppendedBatch, RecordMemory } from '../memory/record-memory.js';

/** Where the log takes what was appended from, when it is ready for more. */
export type LogSource = Pick<RecordMemory, 'appended' | 'untakenBytes' | 'takeAppended'>;

/** Whether the log takes records now. */
export type LogState =
  | { readonly kind: 'open' }
  /** Refuses, and tries by itself to write what it holds. */
  | { readonly kind: 'full' }
  /** For good: see the error. */
  | { readonly kind: 'failed'; readonly error: KvError }
  | { readonly kind: 'closed' };

/** What makes the records of a memory durable. */
export interface WriteAheadLog {
  readonly state: LogState;
  /** Something was appended to the memory: it becomes part of the next batch. */
  kick(): void;
  /** Everything up to here is as durable as the level promises. */
  readonly written: LogPosition;
  /** Of the newest batch that is as durable as the level promises. */
  readonly sequence: number;
  durable(position: LogPosition): Promise<void>;
  isDurable(position: LogPosition): boolean;
  readonly ceiling: Timestamp;
  persistCeiling(ceiling: Timestamp): Promise<void>;
  /** Ends the file: what is appended from now on goes into the file of this sequence, which is yet to be made. */
  rotate(): Promise<{ readonly sequence: number; readonly firstBatch: number }>;
  /** Resolves once everything appended before is on stable storage, whatever the durability level. */
  sync(): Promise<void>;
  /** Forgets the files below, which a snapshot replaced. */
  release(below: number): void;
  /** Ends everything because of an error on the same disk; returns the error that ended it first. */
  fail(error: unknown, what: string): KvError;
  /** Hands each batch of records taken from now on to `tap`, too, until the returned function is called. */
  tap(tap: LogTap): () => void;
  /** Resolves once everything appended before was taken from the memory, and given to the taps. */
  drain(): Promise<void>;
  stats(): LogStats;
  close(): Promise<void>;
}

/** The ranges are views of segments, good until the log has written them: copy what is needed longer. */
export type LogTap = (batch: AppendedBatch) => void;

export interface LogStats {
  /** In files that no snapshot covers. */
  readonly logBytes: number;
  /** Records durable at the log's level, of those appended by this run. */
  readonly durable: number;
  readonly batches: number;
  readonly syncs: number;
  /** Bytes written by this run, headers included. */
  readonly logBytesWritten: number;
}
