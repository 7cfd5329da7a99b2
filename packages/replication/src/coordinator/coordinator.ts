import type { HybridLogicalClock } from '@kv/hlc';

import {
  checkDelete,
  checkKey,
  checkKeyPart,
  checkLevel,
  checkLimit,
  checkPut,
  checkScanLevel,
  checkTicketRequest,
} from './check-request.js';
import { type CoordinatorCounters, createCounters } from './counters.js';
import { type Decisions, soundDecisions } from '../decisions.js';
import type { CoordinatorObserver } from './observer.js';
import { type CoordinatorOptions, readyOptions } from '../options.js';
import type { Clock, Placement, Random, Timers } from '../ports.js';
import type { ReadResult } from '../cores/read-core.js';
import { runRead } from './read-operation.js';
import { createRepairer } from './repairer.js';
import type { Replica } from '../replica/replica.js';
import type {
  CallOptions,
  DeleteRequest,
  GetRequest,
  GetResult,
  PutRequest,
  ScanPage,
  ScanRequest,
  TicketRequest,
  TicketResult,
  WriteResult,
} from './requests.js';
import { runScan } from './scan-operation.js';
import { serverTime, type Shell } from './shell.js';
import type { StampIssuer } from '../stamps/stamp-issuer.js';
import { runTicket } from './ticket-operation.js';
import { runWrite } from './write-operation.js';

/**
 * Any node coordinates any key, whether it holds it or not. Every failure is a `KvError`: that of a write carries
 * `outcome` (rule 12), that of a missed quorum `required` and `received`.
 */
export interface Coordinator {
  /** Rejects with `unavailable`, `timeout`, `corrupt`, `clock-drift`, `wrong-epoch`, `invalid-argument`. */
  get(request: GetRequest, options?: CallOptions): Promise<GetResult>;
  /** Rejects as `get`, and with `memory-full`, `disk-full`, `overloaded`. */
  put(request: PutRequest, options?: CallOptions): Promise<WriteResult>;
  /** Writes a tombstone, also for an absent key (rule 6). Rejects as `put`. */
  delete(request: DeleteRequest, options?: CallOptions): Promise<WriteResult>;
  /**
   * A version for one write at `linearizable`, above all that a quorum knows of the key (rule 10). Writes nothing.
   * Rejects as `get`, with outcome `not-applied`.
   */
  ticket(request: TicketRequest, options?: CallOptions): Promise<TicketResult>;
  /**
   * Every key present throughout, once, in order of partition, then key; no snapshot. `timeoutMs` bounds the whole scan,
   * the coordinator's `requestTimeoutMs` each page. Fails at the first partition without a quorum, as `get` does. Not offered
   * at `linearizable`: `unimplemented`.
   */
  scan(request: ScanRequest, options?: CallOptions): AsyncGenerator<ScanPage, void, undefined>;
  /** Running totals, as of now. */
  counters(): CoordinatorCounters;
}

export interface CoordinatorPorts {
  readonly placement: Placement;
  /** The way to a member; undefined = there is none now, which counts as unreachable, not sent. */
  replica(member: number): Replica | undefined;
  readonly stamps: StampIssuer;
  readonly hlc: HybridLogicalClock;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  /** Default: the sound ones. */
  readonly decisions?: Decisions | undefined;
  readonly observer?: CoordinatorObserver | undefined;
}

/** @throws KvError `invalid-argument` for options out of range */
export function createCoordinator(options: CoordinatorOptions, ports: CoordinatorPorts): Coordinator {
  const ready = readyOptions(options);
  const counters = createCounters();
  const replica = (member: number): Replica | undefined => ports.replica(member);
  const shell: Shell = {
    options: ready,
    placement: ports.placement,
    replica,
    stamps: ports.stamps,
    hlc: ports.hlc,
    clock: ports.clock,
    timers: ports.timers,
    random: ports.random,
    counters,
    decisions: ports.decisions ?? soundDecisions,
    observer: ports.observer,
    repairer: createRepairer(
      { bytesMax: ready.repairBytesMax, timeoutMs: ready.requestTimeoutMs },
      { replica, counters },
    ),
    background: { comparisons: 0, lateBytes: 0 },
  };
  return {
    async get({ key, consistency }, call = {}) {
      checkKey(key);
      const result = await runRead(shell, { key, level: checkLevel(consistency) }, call);
      return { serverTime: serverTime(shell), ...answerOf(result) };
    },
    // Async, so that what a check throws is a rejection like any other.
    async put(request, call = {}) {
      return runWrite(shell, checkPut(request), call);
    },
    async delete(request, call = {}) {
      return runWrite(shell, checkDelete(request), call);
    },
    async ticket(request, call = {}) {
      const ticket = await runTicket(shell, checkTicketRequest(request), call);
      return { ticket, serverTime: serverTime(shell) };
    },
    async *scan(request, call = {}) {
      const { prefix = noBytes, after = noBytes, limit = 0 } = request;
      checkKeyPart(prefix, 'prefix');
      checkKeyPart(after, 'after');
      checkLimit(limit);
      const level = checkScanLevel(request.consistency);
      yield* runScan(shell, { prefix, after, limit: limit === 0 ? Infinity : limit, level }, call);
    },
    counters: () => ({ ...counters }),
  };
}

const noBytes = new Uint8Array(0);

function answerOf(result: ReadResult) {
  if (result.kind === 'not-found') return { found: false as const, version: result.version };
  const { value, version, expiresAtMs } = result.record;
  return { found: true as const, value, version, expiresAtMs };
}
