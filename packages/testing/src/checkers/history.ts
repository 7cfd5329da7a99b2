/**
 * What a run of a key-value cluster looked like from outside, for the checkers: who asked for what when and what they were
 * told, and beside it the evidence that only an observer from above has. Nothing here knows of the code under test; a
 * version is two plain numbers.
 *
 * Rules for whoever records one:
 *
 * - Time is one clock that no node sees (of the simulation, not of a node). An operation came before another if it ended
 *   strictly before the other began, so events of one moment need an order: `createHistoryRecorder` sees to it.
 * - `client` is one client object: what it keeps in memory dies with it, so a restarted client gets a new number.
 * - Written values are unique over all operations.
 * - `stamps` are complete once the run is over: a stamp issued after the client gave up belongs to them too.
 */

/** Ordered by timestamp, then node. */
export interface Version {
  readonly timestamp: number;
  readonly node: number;
}

export type Level = 'one' | 'quorum' | 'all' | 'linearizable';

export type Operation = WriteOperation | ReadOperation;

interface Common {
  /** Unique within the history. */
  readonly id: number;
  readonly client: number;
  readonly key: string;
  readonly level: Level;
  readonly beganMs: number;
  /** When the client got its answer or gave up, the last attempt included; Infinity if it never did. */
  readonly endedMs: number;
}

export interface WriteOperation extends Common {
  readonly kind: 'put' | 'delete';
  /** Of a put, unique; undefined for a delete. */
  readonly value: string | undefined;
  /** A put with a time to live: from some moment on it reads like a delete. */
  readonly expires: boolean;
  /** How long, where that is known; 0 = for ever. */
  readonly ttlMs?: number | undefined;
  /**
   * Every version under which a record of this operation may have been sent to a replica: of all attempts, rounds and
   * coordinators, whether or not the client learnt of it. A ticket that nobody stored with is none.
   */
  readonly stamps: readonly Stamp[];
  /** Over all attempts. */
  readonly outcome: Outcome;
  /** The acknowledged one, with `ok`. */
  readonly version: Version | undefined;
  readonly previous: PreviousReport;
}

export type Outcome = 'ok' | 'not-applied' | 'unknown';

export interface Stamp {
  readonly version: Version;
  /** Of an attempt that was answered `not applied`, whatever came of the operation: no replica may ever hold it. */
  readonly disowned: boolean;
}

export type PreviousReport =
  | { readonly kind: 'not-asked' | 'unknown' | 'none' }
  /** `version` where the interface tells it. */
  | { readonly kind: 'value'; readonly value: string; readonly version: Version | undefined };

export interface ReadOperation extends Common {
  readonly kind: 'get';
  /** Undefined: it failed, and so says nothing. */
  readonly answer: ReadAnswer | undefined;
}

export type ReadAnswer =
  | { readonly kind: 'value'; readonly value: string; readonly version: Version }
  /** Not found: a delete or an expired put of this version hides the key. */
  | { readonly kind: 'hidden'; readonly version: Version }
  /** Not found: no replica knew the key. */
  | { readonly kind: 'nothing' }
  /** Not found, and the interface does not tell which of the two. */
  | { readonly kind: 'untold' };

/** A client walks over all keys. */
export interface Scan {
  /** Unique among the scans of the history. */
  readonly id: number;
  readonly client: number;
  readonly level: Level;
  readonly beganMs: number;
  readonly endedMs: number;
  /** It came to its end; else it failed after these entries. */
  readonly complete: boolean;
  /** In the order in which they came. */
  readonly entries: readonly ScannedEntry[];
}

export interface ScannedEntry {
  readonly key: string;
  readonly value: string;
  readonly version: Version;
}

/** Seen from above, not by a client. What is left out is not judged; `judged` of the verdict shows it. */
export interface Evidence {
  /**
   * Of each acknowledgement that a coordinator gave, whether or not it arrived: how many replicas held this version of
   * the key or a newer one *on stable storage* at that moment, and how many its level asks for. Left out where
   * durability is not `always`.
   */
  readonly acknowledgements?: readonly Acknowledgement[];
  /** Every version that any replica ever appended to its log; repetitions do no harm. */
  readonly appended?: readonly Appended[];
  /** Of each partition at each of its replicas, after the liveness phase. */
  readonly finals?: readonly FinalState[];
}

export interface Acknowledgement {
  /** Id of the write. */
  readonly operation: number;
  readonly holders: number;
  readonly required: number;
}

export interface Appended {
  readonly key: string;
  readonly version: Version;
}

export interface FinalState {
  readonly partition: number;
  readonly replica: number;
  /** Any text that is equal where the digests are. */
  readonly digest: string;
  /** Newest record of each key, tombstones and expired ones included. */
  readonly records: readonly FinalRecord[];
}

export interface FinalRecord {
  readonly key: string;
  readonly version: Version;
  /** Undefined for a tombstone. */
  readonly value: string | undefined;
}

export interface History {
  readonly operations: readonly Operation[];
  readonly evidence: Evidence;
  /** Tombstones and expired records may have been purged: a key that nobody knows any more may have been deleted. */
  readonly purges?: boolean;
  readonly scans?: readonly Scan[];
  /**
   * How much too early or too late a record may expire, given how far clocks were apart while this history was made. Left
   * out: that is not judged.
   */
  readonly expiryToleranceMs?: number | undefined;
}
