import { KvError } from '@kv/errors';
import { type HybridLogicalClock, isTimestamp, memberOf, type Timestamp } from '@kv/hlc';
import type { ReplyHeader, RequestHeader } from '@kv/proto/internal';
import { type Incarnation, type ReplyFacts, ReplicaUnreachable } from '@kv/replication';

import type { Clock } from '../ports.js';

/** Fixed peers never change their view, so every message is of this epoch. */
export const fixedEpoch = 1;

export interface HeaderOptions {
  readonly clusterId: Buffer;
  /** Version node of this process: a loss raises it. */
  self(): number;
  /** Of members that ever lost data, as every reply names them. */
  incarnations(): readonly Incarnation[];
}

export interface HeaderPorts {
  readonly hlc: HybridLogicalClock;
  readonly clock: Clock;
}

/** @param facts `deadlineMs`: 0 = no bound; `at`: the operations' time, which the peer merges (rule 16); else this clock's */
export function requestHeader(
  options: Pick<HeaderOptions, 'clusterId' | 'self'>,
  { hlc, clock }: HeaderPorts,
  { deadlineMs, at }: { readonly deadlineMs: number; readonly at?: number },
): RequestHeader {
  return {
    clusterId: options.clusterId,
    epoch: fixedEpoch,
    from: options.self(),
    hlcTime: at ?? hlc.current(),
    wallTimeMs: Math.floor(clock.nowMs()),
    deadlineMs: Math.min(Math.ceil(deadlineMs), 0xffff_ffff),
  };
}

/**
 * Refuses a message of another cluster before anything is done with it: it would store keys where nobody looks.
 * @throws KvError `wrong-epoch`, not applied
 */
export function checkRequestHeader(
  header: RequestHeader | undefined,
  { clusterId }: Pick<HeaderOptions, 'clusterId'>,
): asserts header is RequestHeader {
  if (header === undefined || !isTimestamp(header.hlcTime)) {
    throw new KvError('invalid-argument', 'the message has no valid header', { outcome: 'not-applied' });
  }
  if (!clusterId.equals(header.clusterId)) {
    throw new KvError(
      'wrong-epoch',
      `this node belongs to cluster ${clusterId.toString('hex')}, the message to ${header.clusterId.toString('hex')}: the list of peers, the replication factor or the partition count differ`,
      { outcome: 'not-applied' },
    );
  }
}

export function replyHeader(options: HeaderOptions, { hlc, clock }: HeaderPorts): ReplyHeader {
  return {
    epoch: fixedEpoch,
    from: options.self(),
    hlcTime: hlc.current(),
    wallTimeMs: Math.floor(clock.nowMs()),
    incarnations: [...options.incarnations()],
  };
}

/**
 * What a reply tells beside its answer.
 * @throws ReplicaUnreachable, sent, if somebody else than the member asked replied: whatever happened there counts for
 * nothing, and is no refusal either
 */
export function openReplyHeader(
  header: ReplyHeader | undefined,
  member: number,
): Omit<ReplyFacts, 'purgeFloor'> {
  if (header === undefined || !isTimestamp(header.hlcTime) || memberOf(header.from) !== member) {
    const who = header === undefined ? 'nobody known' : `member ${memberOf(header.from)}`;
    throw new ReplicaUnreachable(`${who} replied in the place of member ${member}`, { sent: true });
  }
  const { epoch, hlcTime, incarnations } = header;
  return { epoch, hlcTime, incarnations };
}

/** @throws ReplicaUnreachable, sent: a number that is no timestamp makes the reply unusable */
export function checkedTimestamp(number: number): Timestamp {
  if (!isTimestamp(number))
    throw new ReplicaUnreachable('the reply holds no valid timestamp', { sent: true });
  return number;
}
