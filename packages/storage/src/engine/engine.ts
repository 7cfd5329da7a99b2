import type { ErrorCode } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';

import type { RecordView } from '../record/record.js';

/** Where a record stands in the log of this run of the engine: later ones are larger. Not kept across restarts. */
export type LogPosition = number & { readonly __brand: 'LogPosition' };

/** A record and where it stands. */
export interface StoredRecord {
  readonly record: RecordView;
  readonly position: LogPosition;
}

export type RefusalCode = 'memory-full' | 'disk-full' | 'corrupt' | 'closed' | 'internal';

export type ApplyResult =
  /** Appended. `previous` is what it replaced, be it a tombstone or expired, if that is told. Not yet durable: wait for `position`. */
  | { readonly kind: 'stored'; readonly position: LogPosition; readonly previous: RecordView | undefined }
  /** This very record was here before. */
  | { readonly kind: 'already'; readonly position: LogPosition }
  /** A newer record is here; nothing was written. Wait for its `position` before telling anybody about it. */
  | { readonly kind: 'newer'; readonly position: LogPosition; readonly newer: RecordView }
  /** Definitely not applied. */
  | { readonly kind: 'refused'; readonly code: RefusalCode | ErrorCode };

/** What is asked of one `apply`. */
export interface ApplyOptions {
  readonly gate?: RecordGate | undefined;
  /**
   * Whether the results tell what was replaced. Default true. Telling keeps memory, for as long as views of it may be held,
   * that would else be used again.
   */
  readonly tellsPrevious?: boolean | undefined;
  /**
   * The versions that are expected to be replaced: 12 bytes a record, as in records; all zero = none. Where that is what was
   * here, the results say so, and tell no more of it.
   */
  readonly expected?: Uint8Array | undefined;
}

/**
 * What became of the records of one `apply`, in their order. The result of one is made when it is asked for: an object
 * for each would be most of the garbage of a write, and mostly says what everybody expects.
 */
export interface ApplyResults extends Iterable<ApplyResult> {
  readonly length: number;
  /** Once this is durable, all that these results tell is; 0 if all were refused. */
  readonly position: LogPosition;
  /** As `at(index).kind`, without making anything. */
  kindAt(index: number): ApplyResult['kind'];
  /** It was stored, and the record that it replaced was of the version expected. */
  replacedExpected(index: number): boolean;
  /** As of an array: negative numbers count from the end, and beyond it there is nothing. */
  at(index: number): ApplyResult | undefined;
}

/** What a gate learns of a record. One object serves all: it is not to be kept. */
export interface RecordFacts {
  readonly timestamp: Timestamp;
  readonly keyHash: number;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/**
 * Asked about each record after all checksums were verified, just before it would be appended. A code refuses it; records
 * that are joined by `batchContinues` are refused one by one, too.
 */
export type RecordGate = (record: RecordFacts) => ErrorCode | undefined;

export interface ScanOptions {
  /** Only keys that begin so. */
  readonly prefix?: Uint8Array | undefined;
  /** Only keys above this one. */
  readonly after?: Uint8Array | undefined;
  /** Only this key and those above it. */
  readonly from?: Uint8Array | undefined;
  /** Only keys below this one. */
  readonly before?: Uint8Array | undefined;
  /** Only this key and those below it. */
  readonly through?: Uint8Array | undefined;
  /** From the last key to the first. Default false. */
  readonly reverse?: boolean | undefined;
}

/**
 * An ordered-by-version set of records, cut into partitions by the top bits of the key's hash. It decides nothing about
 * time: expired records and tombstones are given out as they are.
 */
export interface StorageEngine {
  readonly partitions: number;
  /**
   * Takes records in, in memory at once and into the log's next batch. The newest version of a key wins, whatever the
   * order of arrival. Records joined by `batchContinues` are accepted or refused together, and survive a crash together;
   * the end of the input ends a batch.
   *
   * The bytes are copied. Views must come from `readRecord` and be unchanged since.
   *
   * @returns one result per record
   * @throws KvError `corrupt`, before anything is applied, if bytes are not intact records laid end to end
   */
  apply(records: Uint8Array | readonly RecordView[], options?: ApplyOptions): ApplyResults;
  /**
   * Resolves once everything up to `position` is as durable as the engine's level promises: fsynced (`always`), or
   * handed to the operating system (`interval`, `os`). Leaving the promise alone is harmless.
   *
   * Rejects with KvError `disk-full` (the write may become durable later: its outcome is unknown), `internal` (after a
   * failed sync; nothing is acknowledged any more) or `closed`.
   */
  durable(position: LogPosition): Promise<void>;
  /** What `durable(position)` waits for has happened. */
  isDurable(position: LogPosition): boolean;
  /**
   * The newest record of a key, tombstones and expired ones included.
   *
   * @param keyHash saves hashing the key again
   * @throws KvError `corrupt` if its partition is suspect and option `damage` is `refuse`
   */
  get(key: Uint8Array, keyHash?: number): StoredRecord | undefined;
  /** The record that `get` gives, for somebody who has it for a moment only: a copy if it is short, so that no memory is held. */
  peek(key: Uint8Array): RecordView | undefined;
  /**
   * Has the processor load what `get` of the next some keys waits for: once for all of them, and not once for each. Only a hint.
   *
   * @param start index of the first of them
   * @returns the index behind the last
   */
  fetchAhead(keyHashes: Uint32Array, start: number): number;
  /**
   * The partition's records in the order of their keys' bytes, read as the iteration goes: every key present
   * throughout comes once.
   *
   * @throws KvError `corrupt` if the partition is suspect and option `damage` is `refuse`
   */
  scanPartition(partition: number, options?: ScanOptions): Iterable<StoredRecord>;
  /** Partitions that may have lost acknowledged records (protocol rules 14, 15). The marks outlive restarts. */
  readonly suspectPartitions: ReadonlySet<number>;
  /** Marks at once; durable when it resolves. Rejects like `durable`. */
  markSuspect(partitions: Iterable<number>): Promise<void>;
  /** After everything applied so far is on stable storage, takes the marks away; they are gone when it resolves. */
  clearSuspect(partitions: Iterable<number>): Promise<void>;
  /** Of this data directory: 1 for a new one, one more after each loss, durable together with the marks (rule 15). */
  readonly incarnation: number;
  /**
   * For a wiped or restored disk that only peers can notice: marks all partitions suspect; durable when it resolves.
   *
   * @throws KvError `invalid-argument` if it is not above the present one
   */
  beginIncarnation(incarnation: number): Promise<void>;
  /** Sequence of the newest durable batch of the log, 0 before the first; grows across restarts of one incarnation. */
  readonly logSequence: number;
  /** Position of the newest record appended: what whoever tells about a digest has to wait for (rule 7). */
  readonly appended: LogPosition;
  /**
   * Sums over the hashes of the partition's newest records, in `digestBuckets` buckets of two words each. Equal sets of
   * newest records (tombstones and expired ones included: the clock plays no part) have equal digests.
   *
   * @throws KvError like `scanPartition`
   */
  digest(partition: number): Uint32Array;
  /** The largest durable ceiling of the clock; the zero timestamp if there was none. */
  readonly ceiling: Timestamp;
  /** Resolves once the ceiling is durable; rejects like `durable`. A lower one than before changes nothing. */
  persistCeiling(ceiling: Timestamp): Promise<void>;
  /** The largest timestamp of any record ever applied. */
  readonly newestTimestamp: Timestamp;
  /** Writes all records to a new snapshot and lets the log before it go. One at a time: a second call joins the first. */
  snapshot(): Promise<void>;
  /**
   * Makes a directory that opens to everything that was here at one moment, the last of the backup, while writes go on. It is
   * complete, and on stable storage, when this resolves; suspect marks and incarnation go with it.
   *
   * @throws KvError `invalid-argument` if there is something in the directory, or it may not be written; `disk-full`; `closed`
   */
  backup(directory: string): Promise<void>;
  stats(): EngineStats;
  /**
   * Makes everything durable, gives the directory free. A second call joins the first.
   *
   * Rejects, after closing everything, with KvError `disk-full` (outcome unknown) if there was no room for a write that
   * was taken in, and `internal` if the disk failed.
   */
  close(): Promise<void>;
}

export interface EngineStats {
  readonly keys: number;
  readonly tombstones: number;
  /** How many may have lost records. */
  readonly suspectPartitions: number;
  /** Records in memory with their bookkeeping, and superseded ones that still wait for the log. */
  readonly memoryBytes: number;
  /** Above it puts are refused. */
  readonly memoryBytesMax: number;
  /** Bytes in log files that no snapshot covers. */
  readonly logBytes: number;
  /** Size of the current snapshot; 0 without one. */
  readonly snapshotBytes: number;
  /** Unix milliseconds; 0 if this run took none. */
  readonly lastSnapshotAtMs: number;
  /** Records appended by this run. */
  readonly appended: number;
  /** Of these, durable. */
  readonly durable: number;
  /** Batches written by this run: `appended / batches` is how well group commit groups. */
  readonly batches: number;
  /** Syncs of log files by this run. */
  readonly syncs: number;
  readonly recovery: RecoveryReport;
}

/** What opening found. */
export interface RecoveryReport {
  /** Records read from snapshot and log. */
  readonly records: number;
  /** Bytes of a last batch that a crash left incomplete: cut off, never acknowledged. */
  readonly cutBytes: number;
  /** One sentence for each damage found at this opening. */
  readonly damage: readonly string[];
}
