import { toKvError } from '@kv/errors';
import type { HybridLogicalClock, Timestamp, Version } from '@kv/hlc';
import { hashKey, partitionOfHash, type RecordView } from '@kv/storage';

import type { Afterwards } from './afterwards.js';
import type { Allowance } from './flights/allowance.js';
import type { AskingOrder } from './flights/asking-order.js';
import type { CheckedTicketRequest } from './check-request.js';
import type { CallOptions } from './requests.js';
import { type ConsistencyLevel, quorumOf, replicasRequired } from '../consistency-level.js';
import type { Counters } from './counters.js';
import type { Decisions } from '../decisions.js';
import type { CoordinatorObserver } from './observer.js';
import type { ReadyOptions } from '../options.js';
import type { Clock, Placement, Random, Timers } from '../ports.js';
import type { Patience } from './patience.js';
import type { RecordArena } from './record-arena.js';
import type { Repairer } from './repairer.js';
import type { ReplicaChannel } from '../replica/channel.js';
import type { Spreading } from './spreading.js';
import type { StampIssuer, StampResult } from '../stamps/stamp-issuer.js';

interface AtTwoPaces<Each> {
  /** For what reads by other nodes would miss. */
  readonly soon: Each;
  /** For what they seldom look for. */
  readonly later: Each;
}

/** What all operations of one coordinator share. */
export interface Shell {
  readonly options: ReadyOptions;
  readonly placement: Placement;
  replica(member: number): ReplicaChannel | undefined;
  /** What the own copy holds at this moment, to expect the same of others. Undefined: there is no asking it. */
  readonly peek: ((key: Uint8Array) => RecordView | undefined) | undefined;
  readonly stamps: StampIssuer;
  readonly hlc: HybridLogicalClock;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly counters: Counters;
  readonly decisions: Decisions;
  readonly observer: CoordinatorObserver | undefined;
  readonly repairer: Repairer;
  readonly patience: Patience;
  /** For owners that were asked at first, where others could be asked instead. */
  readonly hedges: Patience;
  readonly askingOrder: AskingOrder;
  readonly afterwards: AtTwoPaces<Afterwards>;
  /** For records that were acknowledged without some of their owners. */
  readonly spreading: AtTwoPaces<Spreading>;
  /** Reads that are compared with owners whom they did not need. */
  readonly readsCompared: Allowance;
  readonly records: RecordArena;
  /** All flights' operations whose callers wait. */
  readonly aboard: { operations: number };
  /** What goes on when nobody waits any more. */
  readonly background: {
    /** Reads at ONE whose other replicas are being compared. */
    comparisons: number;
    /** Held by answered reads that still wait for late replies. */
    lateBytes: number;
  };
}

export function partitionOfKey(shell: Pick<Shell, 'options'>, key: Uint8Array): number {
  return partitionOfHash(hashKey(key), shell.options.partitions);
}

export function requiredFor(shell: Shell, level: ConsistencyLevel): number {
  return replicasRequired(level, shell.options.replicationFactor);
}

export function writeQuorumOf(shell: Shell): number {
  return quorumOf(shell.options.replicationFactor);
}

/** Above the client's bound, and above what was met; never above the client's ceiling (rule 11). */
export function issueStamp(
  { stamps, decisions }: Shell,
  { stampAbove, stampNotAfter }: Pick<CheckedTicketRequest, 'stampAbove' | 'stampNotAfter'>,
  met: Timestamp | undefined,
): StampResult | Promise<StampResult> {
  const floor = decisions.stampFloor(stampAbove);
  const above = met !== undefined && (floor === undefined || met > floor) ? met : floor;
  return stamps.issue({ above, notAfter: decisions.stampCeiling(stampNotAfter) });
}

/** The same, if no wait is needed. Undefined: it is, or there is none, and nothing was counted. */
export function stampAtOnce(
  shell: Shell,
  bounds: Pick<CheckedTicketRequest, 'stampAbove' | 'stampNotAfter'>,
  met: Timestamp | undefined,
): Version | undefined {
  const stamp = issueStamp(shell, bounds, met);
  if (!('kind' in stamp) || stamp.kind === 'refused') return undefined;
  countStamp(shell, stamp);
  return versionOf(shell, stamp.timestamp);
}

/** Rule 25: of a write whose client will name it. Undefined: none can be issued at once. */
export function reserveVersion(shell: Shell): Version | undefined {
  try {
    const issued = stampAtOnce(shell, unbound, undefined);
    return issued && shell.decisions.reservedVersion(issued);
  } catch {
    return undefined; // Whoever asked for it can do without.
  }
}

const unbound = { stampAbove: undefined, stampNotAfter: undefined };

/** Of the directory as it is now: a loss may have begun another incarnation while the stamp was made (rule 17). */
export function versionOf({ options }: Shell, timestamp: Timestamp): Version {
  return { timestamp, node: options.node() };
}

/** Rules 5, 17. */
export function countStamp({ counters }: Shell, result: StampResult): void {
  const isDrift = result.kind === 'refused' && (result.reason === 'drift' || result.reason === 'fenced');
  if (isDrift) counters.driftRefusals += 1;
}

/** What the caller waits for, within what this coordinator allows. */
export function boundedTimeoutMs({ options }: Pick<Shell, 'options'>, { timeoutMs }: CallOptions): number {
  const { requestTimeoutMs } = options;
  return Math.max(0, Math.min(timeoutMs ?? requestTimeoutMs, requestTimeoutMs));
}

/** The time at which a read asks (rule 16). @throws KvError `clock-drift` if the clock is out of its range altogether */
export function readTime(shell: Shell): Timestamp {
  try {
    return shell.hlc.current();
  } catch (error) {
    throw toKvError(error);
  }
}

/** For the caller's estimate of time. A clock out of its range must not turn an answer into an exception. */
export function serverTime(shell: Shell): Timestamp {
  try {
    return shell.hlc.current();
  } catch {
    return shell.hlc.ceiling();
  }
}

/** The preference list with this member moved to the front, if it is in it: its own copy costs no network. */
export function ownFirst(shell: Shell, owners: readonly number[]): readonly number[] {
  const { self } = shell.placement;
  if (owners[0] === self) return owners;
  return owners.includes(self) ? [self, ...owners.filter((member) => member !== self)] : owners;
}
