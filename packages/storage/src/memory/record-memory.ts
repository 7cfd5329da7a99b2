import type { Timestamp } from '@kv/hlc';

import type { LogPosition } from '../engine/engine.js';
import type { RecordView } from '../record/record.js';

/**
 * Records in memory, as they lie in the log: end to end in large pieces of memory outside of the JavaScript heap, found
 * through an index of hash and location.
 *
 * What its users may rely on:
 *
 * - A record never changes once it was written. A view of one stays valid and right for as long as somebody holds it: the
 *   memory of a segment of which views were given out is never used again, but left to the garbage collector once the
 *   segment was cleaned. Holding a view keeps its whole segment in memory.
 * - What was appended in one turn of the event loop lies end to end in few ranges.
 * - A `LogPosition` counts words of 8 bytes appended by this run. It is told from where a record lies; records that were
 *   recovered, or moved by cleaning, have position 0: they are durable.
 */
export interface RecordMemory {
  readonly partitions: number;

  // --- recovery

  /** So many entries are coming, about, in the order of their hashes. Only a hint: makes room for them at once. */
  expect(entries: number): void;
  /**
   * Memory for at least so many bytes of a file, to be read into straight away. All of `segment.bytes` may be filled, with
   * whatever lies between the records, as long as records begin at multiples of 8 bytes, below `recordStartsBelow`.
   */
  reserve(bytes: number): RecoverySegment;
  /**
   * What seems to be records, laid end to end and not verified yet, will be adopted: has what that needs loaded for the first
   * of them. Only a hint. @returns the end of those
   */
  fetchAhead(segment: RecoverySegment, offset: number, end: number): number;
  /** Newest version wins, as in apply. The record must have been verified (`verify` or `inspectRecord`). */
  adopt(segment: RecoverySegment, offset: number): void;
  /** No more will be adopted from it: from now on it may be cleaned, or is dropped if none of its records was kept. */
  seal(segment: RecoverySegment): void;
  /** The largest timestamp of any record taken in; `raiseNewest` for what a manifest remembers. */
  readonly newestTimestamp: Timestamp;
  raiseNewest(timestamp: Timestamp): void;

  // --- the log

  /** Position of the newest record appended; 0 before the first. */
  readonly appended: LogPosition;
  /** Appended, and not yet taken for the log. */
  readonly untakenBytes: number;
  /**
   * Takes what was appended since the last call off the front, in order: all of it, or whole atomic batches up to about
   * `bytesMax`, at least one. The log keeps what it took until it is written, and tries again with the same ranges.
   */
  takeAppended(bytesMax: number): AppendedBatch;

  // --- snapshots

  /**
   * All records, in the order of their keys' hashes, read as the walk goes: a key present throughout comes once, whatever
   * is written, cleaned or grown between two steps. Of a key that changes meanwhile some version comes, or none.
   */
  liveRecords(): LiveCursor;
  /** Keys that have a record, tombstones included: what a snapshot holds … */
  readonly entries: number;
  /** … and the bytes of these records. */
  readonly liveBytes: number;
}

/** A piece of memory into which recovery reads a file. */
export interface RecoverySegment {
  /** Zeros at first. Its start is aligned to 8 bytes. */
  readonly bytes: Uint8Array;
  /** Records that begin here or later cannot be adopted from this segment: copy them into the next one. */
  readonly recordStartsBelow: number;
  /**
   * Verifies the record at `offset`, which must end at or before `end`.
   *
   * @returns its length in bytes, or 0 if it is not intact
   */
  verify(offset: number, end: number): number;
  /** The same of a long record, a millisecond or two of work at each step. */
  verifyInSlices(offset: number, end: number): Generator<undefined, number>;
}

export interface AppendedBatch {
  /** Views of segments, to be written one after the other; good until cleaning is told that this batch is written. */
  readonly ranges: readonly Uint8Array[];
  readonly bytes: number;
  readonly records: number;
  /** Of the last record: once it is written, everything up to here is. */
  readonly position: LogPosition;
}

export interface LiveCursor {
  readonly done: boolean;
  /**
   * Copies records end to end into `into`, as many as fit, and at most some thousands: one slice of work. If the next one
   * does not fit into an empty buffer, nothing is copied, and `views` has it (and those of the same hash) instead.
   */
  next(into: Uint8Array): LiveSlice;
}

export interface LiveSlice {
  /** Copied into the buffer. */
  readonly bytes: number;
  readonly records: number;
  /** Not copied: write them from where they lie. Empty but for records longer than the buffer. */
  readonly views: readonly RecordView[];
}
