import type { Timestamp, Version } from '@kv/hlc';
import type { RecordView } from '@kv/storage';

import type { ConsistencyLevel } from '../consistency-level.js';
import type { Incarnation } from '../replica/replica.js';

/** What every coordinator call takes beside its request. */
export interface CallOptions {
  /** Aborted = the client is gone: the call ends, and the write is never stamped again (rule 4). */
  readonly signal?: AbortSignal | undefined;
  /** Answer within this many milliseconds; the coordinator's `requestTimeoutMs` bounds it. */
  readonly timeoutMs?: number | undefined;
}

export interface GetRequest {
  /** 1 byte to 1 KiB. */
  readonly key: Uint8Array;
  readonly consistency: ConsistencyLevel;
}

export type GetResult = { readonly serverTime: Timestamp } & (
  | {
      readonly found: true;
      /** A view into storage: copy before keeping it. */
      readonly value: Uint8Array;
      readonly version: Version;
      /** Unix milliseconds; 0 = never. */
      readonly expiresAtMs: number;
    }
  /** `version`: of the tombstone or expired record that hides the key; undefined where no replica asked knows it. */
  | { readonly found: false; readonly version: Version | undefined }
);

export interface ReplicaReadRequest {
  /** 1 byte to 1 KiB, of a partition that this member owns. */
  readonly key: Uint8Array;
}

/** What one owner's copy shows, and what a reader has to know before it believes two of them. */
export interface ReplicaReadResult {
  /** Undefined: the copy has none of the key. A tombstone and an expired record are records. */
  readonly record: RecordView | undefined;
  /** Of the record: two with the same one are the same. */
  readonly identity: Uint8Array | undefined;
  readonly member: number;
  readonly incarnations: readonly Incarnation[];
  readonly serverTime: Timestamp;
}

export interface ReplicaWriteRequest {
  /** 1 byte to 1 KiB, of a partition that this member owns. */
  readonly key: Uint8Array;
  /** Up to 1 MiB. Undefined = a tombstone. */
  readonly value: Uint8Array | undefined;
  /** Reserved for this write, and for no other. */
  readonly version: Version;
  readonly wantPrevious: boolean;
  /** As in `DeleteRequest`. */
  readonly operationId?: Uint8Array | undefined;
  /** Give it to the key's other owners, a moment later, and reserve a version for another write. */
  readonly leads: boolean;
  /** The owner that the client gives it to, beside this one; 0 = not known. */
  readonly twin: number;
}

/** What one owner did with a record, and what a writer has to know before it believes two of them. */
export interface ReplicaWriteResult {
  /** False: it met a newer version, or may have lost records of the key's partition. It may be stored nevertheless. */
  readonly stored: boolean;
  /** Of this copy (rule 13). */
  readonly previous: PreviousValue;
  /** Of the value, or of the tombstone or expired record in its place. Undefined: there was nothing, or it is unknown. */
  readonly previousVersion: Version | undefined;
  readonly member: number;
  readonly incarnations: readonly Incarnation[];
  readonly serverTime: Timestamp;
  /** Undefined: none was wanted, or none could be issued at once. */
  readonly reserved: Version | undefined;
}

export interface DeleteRequest {
  /** 1 byte to 1 KiB. */
  readonly key: Uint8Array;
  readonly consistency: ConsistencyLevel;
  /** Ask for the value that this write replaces (rule 13). */
  readonly wantPrevious: boolean;
  /** 16 bytes, the same for every attempt of one operation; undefined or empty = none. */
  readonly operationId?: Uint8Array | undefined;
  /** Stamp above this timestamp (rule 11); 0 or undefined = no bound. */
  readonly stampAbove?: number | undefined;
  /** Never stamp above this timestamp (rule 11); 0 or undefined = no bound. */
  readonly stampNotAfter?: number | undefined;
  /**
   * At `linearizable`: store as this version, which `Coordinator.ticket` issued for this operation (rule 10). With the
   * same fields it may be sent any number of times through any coordinator. Undefined there: it is obtained by this
   * call, which must then not be repeated.
   */
  readonly ticket?: Version | undefined;
}

export interface PutRequest extends DeleteRequest {
  /** Up to 1 MiB. */
  readonly value: Uint8Array;
  /** Milliseconds from the stamp, or the ticket, after which the value is gone; 0 or undefined = never. */
  readonly ttlMs?: number | undefined;
}

export interface TicketRequest {
  /** 1 byte to 1 KiB. */
  readonly key: Uint8Array;
  /** The ticket is above this timestamp (rule 11); 0 or undefined = no bound. */
  readonly stampAbove?: number | undefined;
  /** The ticket is not above this timestamp (rule 11); 0 or undefined = no bound. */
  readonly stampNotAfter?: number | undefined;
}

export interface TicketResult {
  /** For one operation: two that used it would be taken for one. */
  readonly ticket: Version;
  readonly serverTime: Timestamp;
}

export interface WriteResult {
  readonly version: Version;
  readonly previous: PreviousValue;
  readonly serverTime: Timestamp;
}

/**
 * The value that a write replaced (rule 13). Information, not an exchange: two concurrent writes may report the same
 * value, or each other. `unknown`: the write met itself, so that what was there before it cannot be told.
 */
export type PreviousValue =
  | { readonly kind: 'not-asked' }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'none' }
  | { readonly kind: 'value'; readonly value: Uint8Array };

export interface ScanRequest {
  /** Only keys that begin with it; undefined or empty = all. */
  readonly prefix?: Uint8Array | undefined;
  /** Continue behind this key; undefined or empty = from the start. */
  readonly after?: Uint8Array | undefined;
  /** Entries in all; 0 or undefined = no limit. */
  readonly limit?: number | undefined;
  readonly consistency: ConsistencyLevel;
}

export interface ScanEntry {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly version: Version;
  /** Unix milliseconds; 0 = never. */
  readonly expiresAtMs: number;
}

export interface ScanPage {
  readonly entries: readonly ScanEntry[];
  /** Where a later scan continues. Undefined on the last page of a complete scan, and only there. */
  readonly next: Uint8Array | undefined;
}
