import type { ErrorCode } from '@kv/errors';
import type { Timestamp, Version } from '@kv/hlc';
import type { RecordHead, RecordView } from '@kv/storage';

import type { ReadAnswers, WriteAnswers } from './answers.js';
import type { Bits } from './bits.js';
import type { VersionColumn } from './version-column.js';

/**
 * One owner of a partition as a coordinator sees it. The coordinator's own copy and every remote one look alike
 * (`createLocalReplica`, or an adapter over a transport).
 *
 * What an implementation owes its caller:
 *
 * - A reply shows durable state only (rule 7).
 * - A promise settles by its operation's deadline. A coordinator that is done holds no memory for a replica that hangs,
 *   so whatever is kept until then is the transport's, which bounds it.
 * - A request that was answered is not delivered again: a copy of a refused write that arrives later and is stored
 *   would turn `not applied` into a lie (rule 12).
 */
export interface Replica {
  /** A new version from its coordinator: drift is checked, the clock merged, both before anything is appended. */
  write(operation: WriteOperation): Promise<WriteReply>;
  /** A version that replicas have accepted already: a write-back or a repair. The clock is left alone. */
  repair(operation: RepairOperation): Promise<WriteReply>;
  /** The newest durable record of the key, tombstones and expired ones included. */
  read(operation: ReadOperation): Promise<ReadReply>;
  /** One page of a partition, ordered by key. */
  scanPartition(operation: ScanOperation): Promise<ScanReply>;
}

/** A copy that can be compared with another one without reading it. */
export interface ComparableReplica extends Replica {
  /** Of durable state (rule 7). Records that come in meanwhile may or may not be in it. */
  digest(operation: DigestOperation): Promise<DigestReply>;
}

/** A copy that takes many operations in one call: one message, one sync. */
export interface BatchReplica {
  /**
   * As `Replica.write`, of each.
   *
   * Rejects, nothing having been applied, with KvError `corrupt` if a record is not intact,
   * `sent: false` if nobody waits any more.
   */
  writeBatch(batch: WriteBatch): Promise<WriteAnswers>;
  /** As `Replica.repair`, of each; else as `writeBatch`. */
  repairBatch(batch: RepairBatch): Promise<WriteAnswers>;
  /** As `Replica.read`, of each. */
  readBatch(batch: ReadBatch): Promise<ReadAnswers>;
}

export interface WriteBatch extends Bounds {
  /** Laid end to end. */
  readonly records: Uint8Array;
  readonly wantPrevious: Bits;
  /** What each is expected to replace: if it is that, the previous record need not be shown. Undefined: nothing is. */
  readonly expected?: VersionColumn | undefined;
}

export interface RepairBatch extends Bounds {
  /** Laid end to end. */
  readonly records: Uint8Array;
}

export interface ReadBatch extends Bounds {
  readonly keys: readonly Uint8Array[];
  /** Not set: the record's head is enough. */
  readonly wantValue: Bits;
  /** As in `ReadOperation`. */
  readonly at: Timestamp;
}

interface Bounds {
  /** Time left for the work, in milliseconds; 0 = no bound. Work whose time is over is not started. */
  readonly deadlineMs: number;
  /** Aborted when nobody waits for the reply any more. Never aborted for a write that was handed over. */
  readonly signal?: AbortSignal | undefined;
}

export interface WriteOperation extends Bounds {
  /** Exactly one encoded record. */
  readonly record: Uint8Array;
  /** Report the record that this one replaced, or the newer one that it met. */
  readonly wantPrevious: boolean;
}

export interface RepairOperation extends Bounds {
  /** Exactly one encoded record, checksum verified where it was read. */
  readonly record: Uint8Array;
  /** Nobody waits for it: what clients wait for goes first. */
  readonly background?: boolean | undefined;
}

export interface ReadOperation extends Bounds {
  readonly key: Uint8Array;
  /** The reading coordinator's time, which the replica merges into its own before it answers (rule 16). */
  readonly at: Timestamp;
}

export interface ScanOperation extends Bounds {
  readonly partition: number;
  /** Only keys that begin with it; empty = all. */
  readonly prefix: Uint8Array;
  /** Only keys behind this one; empty = from the start. */
  readonly after: Uint8Array;
  /** Bounds of the page; at least one record is returned if there is one. */
  readonly limit: number;
  readonly bytesMax: number;
  /** As in `ReadOperation`. */
  readonly at: Timestamp;
  /** For merging into another copy, which asks every owner: one that is suspect answers too, and says so (rule 14). */
  readonly rebuild?: boolean | undefined;
}

export interface DigestOperation extends Bounds {
  readonly partitions: readonly number[];
}

/** What every reply tells beside its answer. */
export interface ReplyFacts {
  /** The replica's clock when it replied, not below the `at` of the request (rule 16). */
  readonly hlcTime: Timestamp;
  /** Of the key's partition: versions below it are purged there (rule 9); 0 = nothing purged. */
  readonly purgeFloor: Timestamp;
  /** Of the cluster's view, durable at the replica before it replied (rule 21). */
  readonly epoch: number;
  /** As the replica knows them, its own included, of members that ever lost data; the others' are 1 (rule 15). */
  readonly incarnations: readonly Incarnation[];
}

export interface Incarnation {
  readonly member: number;
  readonly incarnation: number;
}

/** Refused before anything was appended, so the record is not there because of this request. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: ErrorCode;
}

/**
 * - `stored`: durable, and nothing newer is here. `previous`: what it replaced, where that was wanted and there was any.
 * - `already`: this very version is here, durable.
 * - `newer`: a newer version is here, durable. `previous`: its record, where that was wanted.
 * - `below-floor`: not stored, and no acknowledgement; answers repairs only (rule 18).
 * - `abstained`: taken in, by a replica that may have lost records: it counts for nothing (rule 14).
 *
 * An append whose durability failed is none of these: the promise rejects with `ReplicaUnreachable`, `sent: true`.
 */
export type WriteReply = ReplyFacts &
  (
    | { readonly kind: 'stored'; readonly previous?: RecordView | undefined }
    | { readonly kind: 'already' }
    | { readonly kind: 'newer'; readonly version: Version; readonly previous?: RecordView | undefined }
    | { readonly kind: 'below-floor' }
    | { readonly kind: 'abstained' }
    | Refusal
  );

export type ReadReply = ReplyFacts &
  ({ readonly kind: 'found'; readonly record: RecordView } | { readonly kind: 'absent' } | Refusal);

/** In the place of `found`, where what identifies the record was enough. */
export type HeadReply = ReplyFacts & { readonly kind: 'head'; readonly head: RecordHead };

export type ScanReply = ReplyFacts &
  (
    | {
        readonly kind: 'page';
        /** In key order, at most one a key. */
        readonly records: readonly RecordView[];
        /** More records of this partition follow behind the last one; never true of an empty page. */
        readonly more: boolean;
        /** The replica may have lost records of this partition; told only where `rebuild` was asked. */
        readonly suspect?: boolean | undefined;
      }
    | Refusal
  );

/** Of one partition; two words for each bucket, as `StorageEngine.digest` gives them. */
export type PartitionDigest =
  | {
      readonly kind: 'digest';
      readonly words: Uint32Array;
      /** The replica may have lost records of the partition (rule 14). */
      readonly suspect: boolean;
    }
  | Refusal;

export type DigestReply = ReplyFacts &
  (
    | {
        readonly kind: 'digests';
        /** One for each partition asked for, in the same order. */
        readonly digests: readonly PartitionDigest[];
      }
    | Refusal
  );

/**
 * No reply, so nothing is known of the request but whether it left: `sent: false` means that it was handed to no
 * transport and never will be, and is the only thing here that a write may call "not applied" (rule 12).
 */
export class ReplicaUnreachable extends Error {
  readonly code = 'unavailable';
  readonly sent: boolean;

  constructor(message: string, facts: { readonly sent: boolean; readonly cause?: unknown }) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'ReplicaUnreachable';
    this.sent = facts.sent;
  }
}

/** Whether a failed call may have reached the replica. Anything thrown that is not understood may have. */
export function mayHaveBeenSent(error: unknown): boolean {
  return (error as { sent?: unknown } | null | undefined)?.sent !== false;
}
