import type { HybridLogicalClock } from '@kv/hlc';
import type { RecordView } from '@kv/storage';

import { Afterwards } from './afterwards.js';
import type { Caller } from './caller.js';
import { checkKeyPart, checkLimit, checkScanLevel } from './check-request.js';
import { type CoordinatorCounters, createCounters } from './counters.js';
import { type Decisions, soundDecisions } from '../decisions.js';
import { Allowance } from './flights/allowance.js';
import { AskingOrder } from './flights/asking-order.js';
import { afterwardsMs, flightOperationsMax, readsComparedPerSecond, spreadingMs } from '../limits.js';
import type { CoordinatorObserver } from './observer.js';
import { type CoordinatorOptions, readyOptions } from '../options.js';
import { Patience } from './patience.js';
import type { Clock, Placement, Random, Timers } from '../ports.js';
import { RecordArena } from './record-arena.js';
import { createRepairer } from './repairer.js';
import type { ReplicaChannel } from '../replica/channel.js';
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
import type { Shell } from './shell.js';
import { Spreading } from './spreading.js';
import type { StampIssuer } from '../stamps/stamp-issuer.js';
import { createSubmissions, type Submissions } from './submissions.js';

/**
 * Any node coordinates any key, whether it holds it or not. Every failure is a `KvError`: that of a write carries
 * `outcome` (rule 12), that of a missed quorum `required` and `received`.
 */
export interface Coordinator {
  /** The four operations below, and reads and writes of the own copy, without a promise: for sessions, which have many under way. */
  readonly submit: Submissions;
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
  /** Lets go of what outlasts operations: a timer. Those still under way end by their deadlines. */
  close(): void;
}

export interface CoordinatorPorts {
  readonly placement: Placement;
  /** The way to a member; undefined = there is none now, which counts as unreachable, not sent. */
  replica(member: number): ReplicaChannel | undefined;
  /**
   * What the own copy holds at this moment, durable or not: replicas need not show a previous record that is the same. May
   * throw, which is as good as nothing. Default: nobody knows, and each previous record is shown.
   */
  peek?(key: Uint8Array): RecordView | undefined;
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
  const shell = createShell(options, ports);
  const submit = createSubmissions(shell);
  return {
    submit,
    get: (request, call = {}) => promised((caller) => submit.get(request, call, caller)),
    put: (request, call = {}) => promised((caller) => submit.put(request, call, caller)),
    delete: (request, call = {}) => promised((caller) => submit.delete(request, call, caller)),
    ticket: (request, call = {}) => promised((caller) => submit.ticket(request, call, caller)),
    async *scan(request, call = {}) {
      const { prefix = noBytes, after = noBytes, limit = 0 } = request;
      checkKeyPart(prefix, 'prefix');
      checkKeyPart(after, 'after');
      checkLimit(limit);
      const level = checkScanLevel(request.consistency);
      yield* runScan(shell, { prefix, after, limit: limit === 0 ? Infinity : limit, level }, call);
    },
    counters: () => ({ ...shell.counters }),
    close: () => {
      shell.patience.close();
      shell.hedges.close();
      shell.afterwards.soon.close();
      shell.afterwards.later.close();
    },
  };
}

function promised<Result>(submit: (caller: Caller<Result>) => void): Promise<Result> {
  return new Promise((resolve, reject) => submit({ resolve, reject }));
}

function createShell(options: CoordinatorOptions, ports: CoordinatorPorts): Shell {
  const ready = readyOptions(options);
  const counters = createCounters();
  const { placement, stamps, hlc, clock, timers, random, observer } = ports;
  const replica = (member: number): ReplicaChannel | undefined => ports.replica(member);
  const peek = ports.peek?.bind(ports);
  const askingOrder = new AskingOrder(ready);
  const soon = new Afterwards(afterwardsMs, { timers });
  const later = new Afterwards(spreadingMs, { timers });
  const spreading = (afterwards: Afterwards) =>
    new Spreading({ afterwards, askingOrder, clock, replica, options: ready });
  return {
    options: ready,
    ...{ placement, replica, peek, stamps, hlc, clock, timers, random, counters, observer },
    decisions: ports.decisions ?? soundDecisions,
    repairer: createRepairer(
      { bytesMax: ready.repairBytesMax, timeoutMs: ready.requestTimeoutMs },
      { replica, counters },
    ),
    patience: new Patience(ready.impatientAfterMs, { clock, timers }),
    hedges: new Patience(ready.hedgeAfterMs, { clock, timers }),
    askingOrder,
    afterwards: { soon, later },
    spreading: { soon: spreading(soon), later: spreading(later) },
    readsCompared: new Allowance({ perSecond: readsComparedPerSecond, most: flightOperationsMax }, { clock }),
    records: new RecordArena(),
    aboard: { operations: 0 },
    background: { comparisons: 0, lateBytes: 0 },
  };
}

const noBytes = new Uint8Array(0);
