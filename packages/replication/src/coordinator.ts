import { type HybridLogicalClock } from '@kv/hlc';

import { type Replica } from './replica.js';
import {
  type CallOptions,
  type DeleteRequest,
  type GetRequest,
  type GetResult,
  type PutRequest,
  type ScanPage,
  type ScanRequest,
  type WriteResult,
} from './requests.js';
import { type StampIssuer } from './stamp-issuer.js';

export interface CoordinatorOptions {
  /** Version node of this process: member number and incarnation (rule 17). */
  readonly node: number;
  /** N, as the cluster was created. */
  readonly replicationFactor: number;
  /** A power of two, as the cluster was created. */
  readonly partitions: number;
  /** The longest that one call may take, in milliseconds. Default 5,000. */
  readonly requestTimeoutMs?: number;
  /** After this long with a quorum of answers, do not wait for replicas that hang. Default 50 ms. */
  readonly impatientAfterMs?: number;
  /** Share of ONE reads after which the other replicas are compared and repaired, 0 to 1. Default 0.1. */
  readonly compareShare?: number;
  /** Background repairs above this many bytes in flight are dropped: a later read repairs. Default 8 MiB. */
  readonly repairBytesMax?: number;
}

export interface CoordinatorPorts {
  readonly placement: Placement;
  /** The way to a member; undefined = there is none now (counts as unreachable, not sent). */
  replica(member: number): Replica | undefined;
  readonly stamps: StampIssuer;
  readonly hlc: HybridLogicalClock;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/** Who owns what: from the cluster's view. */
export interface Placement {
  /** This member's number. */
  readonly self: number;
  /** Member numbers in order of preference; fewer than N while the cluster has fewer members. */
  owners(partition: number): readonly number[];
}

export interface Clock {
  /** Never goes back. */
  monotonicMs(): number;
}

export interface Timers {
  /** Returns the cancellation. */
  after(delayMs: number, callback: () => void): () => void;
}

export interface Random {
  /** 0 <= x < 1. */
  float(): number;
}

/**
 * Any node coordinates any key, whether it holds it or not. All methods reject with a `KvError`; that of a failed write
 * carries `outcome` (rule 12), that of a missed quorum `required` and `received`.
 */
export interface Coordinator {
  get(request: GetRequest, options?: CallOptions): Promise<GetResult>;
  put(request: PutRequest, options?: CallOptions): Promise<WriteResult>;
  delete(request: DeleteRequest, options?: CallOptions): Promise<WriteResult>;
  /** Pages in order of partition, then key; the next page is fetched when it is asked for. */
  scan(request: ScanRequest, options?: CallOptions): AsyncGenerator<ScanPage, void, undefined>;
  /** Running totals since the coordinator was created. */
  counters(): CoordinatorCounters;
}

export interface CoordinatorCounters {
  /** Writes that met a newer version. */
  readonly conflicts: number;
  /** Second rounds with a new stamp (rule 2). */
  readonly restamps: number;
  /** Writes that the drift bound, or the clock fence, refused to stamp, first or again (rules 5, 17). */
  readonly driftRefusals: number;
  /** Reads that waited for a write-back (rule 8). */
  readonly writeBacks: number;
  /** Read rounds repeated because a replica's clock had passed an expiry, or a floor refused a write-back. */
  readonly repeatedReads: number;
  /** Background repairs sent, acknowledged, failed, and dropped because too many bytes were in flight. */
  readonly repairsSent: number;
  readonly repairsDone: number;
  readonly repairsFailed: number;
  readonly repairsDropped: number;
  /** Reads at ONE after which the other replicas were compared. */
  readonly comparisons: number;
  /** Records of equal version and different bytes: two processes stamped as one node, or bytes rotted. Alarm! */
  readonly versionClashes: number;
}
