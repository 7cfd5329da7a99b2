/** The way from this node's coordinator to one member: lanes in front of a replica that takes whole messages. */
import { type ErrorCode, isKvError } from '@kv/errors';
import { type HybridLogicalClock, zeroTimestamp } from '@kv/hlc';
import {
  type BatchReplica,
  bitsOf,
  type ComparableReplica,
  type HeadAnswer,
  perhapsSent,
  type ReadAnswer,
  type ReadRequest,
  type Refusal,
  type RepairOperation,
  type ReplicaChannel,
  ReplicaUnreachable,
  type ReplyFacts,
  type Unreachable,
  unreachableBy,
  type WriteAnswer,
  type WriteReply,
  type WriteRequest,
} from '@kv/replication';

import { backgroundMessagesMax, memberBytesMax } from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import { fixedEpoch } from '../remote/message-header.js';
import { type ByteBudget, createByteBudget } from './byte-budget.js';
import { joined } from './joined.js';
import { Lane, LaneFull } from './lane.js';

export interface ChannelOptions {
  /** Number of the member that is asked. */
  readonly member: number;
}

export interface ChannelPorts {
  readonly hlc: HybridLogicalClock;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** What a channel needs of the replica behind it. */
export type ChanneledReplica = BatchReplica & Pick<ComparableReplica, 'scanPartition' | 'digest'>;

/** A channel with all that the rest of a node asks of another member. */
export type MemberChannel = ReplicaChannel & Pick<ComparableReplica, 'digest'>;

export function createMemberChannel(
  { member }: ChannelOptions,
  replica: ChanneledReplica,
  ports: ChannelPorts,
): MemberChannel {
  const way: Way = { member, replica, ports, failed: (error) => answerFor(error, ports.hlc) };
  const budget = createByteBudget(memberBytesMax);
  const writes = writeLane(way, budget);
  const reads = readLane(way, budget);
  const repairs = repairLane(way, budget);
  const backgroundRepairs = repairLane(way, createByteBudget(memberBytesMax), backgroundMessagesMax);

  function repair(operation: RepairOperation): Promise<WriteReply> {
    const { record, deadlineMs, signal, background } = operation;
    const deadlineAtMs = deadlineMs === 0 ? Infinity : ports.clock.monotonicMs() + deadlineMs;
    const lane = background === true ? backgroundRepairs : repairs;
    return new Promise((resolve, reject) => {
      lane.submit(
        { record, deadlineAtMs, signal, tag: 0 },
        { onAnswer: (_from, _tag, answer) => settle(answer, resolve, reject) },
      );
    });
  }

  return {
    write: (request, receiver) => writes.submit(request, receiver),
    read: (request, receiver) => reads.submit(request, receiver),
    repair,
    scanPartition: (operation) => orRefusal(replica.scanPartition(operation), ports.hlc),
    digest: (operation) => orRefusal(replica.digest(operation), ports.hlc),
  };
}

/** What the lanes to one member share. */
interface Way extends ChannelOptions {
  readonly replica: ChanneledReplica;
  readonly ports: ChannelPorts;
  readonly failed: (error: unknown) => (Refusal & ReplyFacts) | Unreachable;
}

function writeLane({ member, replica, ports, failed }: Way, budget: ByteBudget) {
  return new Lane<WriteRequest, WriteReply>(
    {
      member,
      failed,
      bytesOf: ({ record }) => record.length,
      returnsRecord: ({ wantPrevious }) => wantPrevious,
      exchange: (operations, deadlineMs) =>
        replica.writeBatch({
          records: joined(operations.map(({ record }) => record)),
          wantPrevious: bitsOf(operations, ({ wantPrevious }) => wantPrevious),
          deadlineMs: boundOf(deadlineMs),
        }),
    },
    { ...ports, budget },
  );
}

function readLane({ member, replica, ports, failed }: Way, budget: ByteBudget) {
  return new Lane<ReadRequest, ReadAnswer | HeadAnswer>(
    {
      member,
      failed,
      bytesOf: ({ key }) => key.length,
      returnsRecord: ({ wantValue }) => wantValue,
      exchange: (operations, deadlineMs) =>
        replica.readBatch({
          keys: operations.map(({ key }) => key),
          wantValue: bitsOf(operations, ({ wantValue }) => wantValue),
          at: latest(operations),
          deadlineMs: boundOf(deadlineMs),
        }),
    },
    { ...ports, budget },
  );
}

function repairLane({ member, replica, ports, failed }: Way, budget: ByteBudget, messagesMax?: number) {
  return new Lane<RepairRequest, WriteReply>(
    {
      member,
      failed,
      messagesMax,
      bytesOf: ({ record }) => record.length,
      returnsRecord: () => false,
      exchange: (operations, deadlineMs) =>
        replica.repairBatch({
          records: joined(operations.map(({ record }) => record)),
          deadlineMs: boundOf(deadlineMs),
        }),
    },
    { ...ports, budget },
  );
}

interface RepairRequest {
  readonly record: Uint8Array;
  readonly deadlineAtMs: number;
  readonly signal: AbortSignal | undefined;
  readonly tag: number;
}

function settle(
  answer: WriteAnswer,
  resolve: (reply: WriteReply) => void,
  reject: (error: unknown) => void,
): void {
  if (answer.kind !== 'unreachable') resolve(answer);
  else reject(new ReplicaUnreachable('the member did not tell what became of it', answer));
}

/** A replica's deadline: 0 = no bound, and never 0 for one that is over. */
function boundOf(deadlineMs: number): number {
  return Number.isFinite(deadlineMs) ? Math.max(1, Math.ceil(deadlineMs)) : 0;
}

function latest(operations: readonly ReadRequest[]): ReadRequest['at'] {
  let { at } = operations[0]!;
  for (const operation of operations) if (operation.at > at) at = operation.at;
  return at;
}

/** A failure is a definite refusal only if the replica said so: an error from the midst of its work is not. */
function answerFor(error: unknown, hlc: HybridLogicalClock): (Refusal & ReplyFacts) | Unreachable {
  const code = error instanceof LaneFull ? 'overloaded' : refusalCode(error);
  if (code !== undefined) return { kind: 'refused', code, ...factsWithoutReply(hlc) };
  return isKvError(error) ? perhapsSent : unreachableBy(error);
}

function refusalCode(error: unknown): ErrorCode | undefined {
  return isKvError(error) && error.outcome === 'not-applied' ? error.code : undefined;
}

function factsWithoutReply(hlc: HybridLogicalClock): ReplyFacts {
  return { hlcTime: hlc.current(), purgeFloor: zeroTimestamp, epoch: fixedEpoch, incarnations: [] };
}

async function orRefusal<Reply>(
  reply: Promise<Reply>,
  hlc: HybridLogicalClock,
): Promise<Reply | (Refusal & ReplyFacts)> {
  try {
    return await reply;
  } catch (error) {
    const answer = answerFor(error, hlc);
    if (answer.kind === 'refused') return answer;
    if (!isKvError(error)) throw error;
    throw new ReplicaUnreachable(error.message, { sent: true, cause: error });
  }
}
