import type { Timestamp } from '@kv/hlc';

import type { RecordView } from '../record/record.js';

/** What a data directory holds and what opening it would do, found out without changing anything. */
export interface DirectoryInspection {
  readonly directory: string;
  /** Undefined: missing or unreadable; `refusal` says why. */
  readonly manifest: ManifestInspection | undefined;
  /** Why it would not be opened at all; undefined: it would be. */
  readonly refusal: string | undefined;
  /** Id of the process that has the directory, or had it when it died; undefined if none. */
  readonly lockedBy: number | undefined;
  /** Of every file there is: manifest, snapshot, logs in their order, then the others. */
  readonly files: readonly FileInspection[];
  /** What opening would find; undefined if it would be refused. */
  readonly recovery: RecoveryForecast | undefined;
  /** The newest record of each key, tombstones and expired ones included, in no particular order. Iterate as often as you like. */
  entries(): Iterable<RecordView>;
  /** Every intact record of snapshot and logs in the order of the files, those that were replaced included. */
  records(): AsyncIterable<InspectedRecord>;
}

export interface ManifestInspection {
  readonly partitions: number;
  /** Kept for replication; false: an embedded store. */
  readonly retainTombstones: boolean;
  readonly incarnation: number;
  /** Partitions marked as having lost records. */
  readonly suspectPartitions: readonly number[];
  /** Sequence of the snapshot that counts; 0 = none. */
  readonly snapshot: number;
  /** The log files that count: from the first to the last, empty if the last is below the first. */
  readonly logFirst: number;
  readonly logLast: number;
  readonly ceiling: Timestamp;
  /** Durability of a run that did not end by closing, or has the directory open; undefined: everything was synced. */
  readonly openAt: 'always' | 'interval' | 'os' | undefined;
}

export type FileRole =
  | 'manifest'
  | 'lock'
  | 'snapshot'
  | 'log'
  /** Left by a crash while it was made; opening removes it. */
  | 'temporary'
  /** A log or snapshot that nothing depends on any more, or never did; opening removes it, or sets it aside. */
  | 'not counted'
  /** Set aside by an earlier opening. */
  | 'set aside'
  | 'unknown';

export interface FileInspection {
  readonly name: string;
  readonly role: FileRole;
  readonly bytes: number;
  /** Of logs and snapshots, whether they count or not. */
  readonly content: FileContent | undefined;
}

export interface FileContent {
  readonly batches: number;
  /** Sequences; 0 without a batch. */
  readonly firstBatch: number;
  readonly lastBatch: number;
  /** Intact records. */
  readonly records: number;
  readonly tombstones: number;
  /** Bytes of intact records. */
  readonly recordBytes: number;
  /** `short`: it ends within a batch that was never synced. */
  readonly end: 'complete' | 'short' | 'damaged';
  /** Bytes behind the last whole batch. */
  readonly cutBytes: number;
  /** One sentence for each thing that is not as it was written. */
  readonly damage: readonly string[];
}

export interface RecoveryForecast {
  /** Records that would be read. */
  readonly records: number;
  /** Entries that would be there: keys with a value, expired ones included, and tombstones. */
  readonly keys: number;
  readonly tombstones: number;
  /** Bytes of their records. */
  readonly liveBytes: number;
  /** Bytes of a last batch that a crash left incomplete: would be cut off, was never acknowledged. */
  readonly cutBytes: number;
  /** One sentence for each damage. */
  readonly damage: readonly string[];
  /** Partitions that would be suspect, those marked before included. */
  readonly suspectPartitions: readonly number[];
  readonly incarnation: number;
  readonly newestTimestamp: Timestamp;
  readonly ceiling: Timestamp;
}

export interface InspectedRecord {
  readonly file: string;
  /** Sequence of its batch. */
  readonly batch: number;
  readonly record: RecordView;
}
