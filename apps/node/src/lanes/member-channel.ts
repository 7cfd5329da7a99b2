/** The way from this node's coordinator to one member: lanes in front of a replica that takes whole messages. */
import { type ErrorCode, isKvError } from '@kv/errors';
import { type HybridLogicalClock, zeroTimestamp } from '@kv/hlc';
import {
  type BatchReplica,
  type ComparableReplica,
  notSent,
  perhapsSent,
  type ReadAnswers,
  type Refusal,
  type RepairOperation,
  type ReplicaChannel,
  ReplicaUnreachable,
  type ReplyFacts,
  sameAnswer,
  type Unreachable,
  unreachableBy,
  type WriteAnswer,
  type WriteAnswers,
  type WriteReply,
} from '@kv/replication';

import { backgroundMessagesMax, memberBytesMax } from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import { fixedEpoch } from '../remote/message-header.js';
import { type ByteBudget, createByteBudget } from './byte-budget.js';
import { joined } from './joined.js';
import { Lane, LaneFull } from './lane.js';
import {
  expectedOf,
  type ReadParcel,
  readParcel,
  single,
  wanted,
  type WriteParcel,
  writeParcel,
} from './parcels.js';

export interface ChannelOptions {
  /** Number of the member that is asked. */
  readonly member: number;
  /** It is this process. Default false. */
  readonly isNear?: boolean | undefined;
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
  { member, isNear }: ChannelOptions,
  replica: ChanneledReplica,
  ports: ChannelPorts,
): MemberChannel {
  const failed = (error: unknown) => sameAnswer(answerFor(error, ports.hlc));
  const way: Way = { member, isNear, replica, ports, failed, notSent: sameAnswer(notSent) };
  const budget = createByteBudget(memberBytesMax);
  const writes = writeLane(way, budget);
  const reads = readLane(way, budget);
  const repairs = repairLane(way, budget);
  const backgroundRepairs = repairLane(way, createByteBudget(memberBytesMax), backgroundMessagesMax);

  function repair(operation: RepairOperation): Promise<WriteReply> {
    const { record, deadlineMs, signal, background } = operation;
    const deadlineAtMs = deadlineMs === 0 ? Infinity : ports.clock.monotonicMs() + deadlineMs;
    const lane = background === true ? backgroundRepairs : repairs;
    const bounds = { deadlineAtMs, signal };
    return new Promise((resolve, reject) => {
      lane.submit(writeParcel({ records: record, count: 1, wantPrevious: false }, bounds), {
        onAnswers: (_from, answers, first) => settle(answers.answerAt(first), resolve, reject),
      });
    });
  }

  return {
    write: (request, receiver) => {
      const { record, wantPrevious } = request;
      writes.submit(
        writeParcel({ records: record, count: 1, wantPrevious }, request),
        single(request, receiver),
      );
    },
    read: (request, receiver) => {
      const { key, at, wantValue } = request;
      const returned = wantValue ? 1 : 0;
      reads.submit(readParcel({ keys: [key], at, wantValue, returned }, request), single(request, receiver));
    },
    writeMany: (request, receiver) => {
      const { records, count, expected } = request;
      const wantPrevious = expected !== undefined;
      writes.submit(writeParcel({ records, count, wantPrevious, expected }, request), receiver);
    },
    readMany: (request, receiver) => {
      const { keys, at, wantValues: wantValue } = request;
      reads.submit(readParcel({ keys, at, wantValue, returned: 0 }, request), receiver);
    },
    repair,
    scanPartition: (operation) => orRefusal(replica.scanPartition(operation), ports.hlc),
    digest: (operation) => orRefusal(replica.digest(operation), ports.hlc),
  };
}

/** What the lanes to one member share. */
interface Way extends ChannelOptions {
  readonly replica: ChanneledReplica;
  readonly ports: ChannelPorts;
  readonly failed: (error: unknown) => WriteAnswers & ReadAnswers;
  readonly notSent: WriteAnswers & ReadAnswers;
}

function writeLane({ replica, ports, ...way }: Way, budget: ByteBudget) {
  return new Lane<WriteParcel, WriteAnswers>(
    {
      ...way,
      exchange: (parcels, deadlineMs) =>
        replica.writeBatch({
          records: joined(parcels.map(({ records }) => records)),
          wantPrevious: wanted(parcels),
          expected: expectedOf(parcels),
          deadlineMs: boundOf(deadlineMs),
        }),
    },
    { ...ports, budget },
  );
}

function readLane({ replica, ports, ...way }: Way, budget: ByteBudget) {
  return new Lane<ReadParcel, ReadAnswers>(
    {
      ...way,
      exchange: (parcels, deadlineMs) =>
        replica.readBatch({
          keys: parcels.length === 1 ? parcels[0]!.keys : parcels.flatMap(({ keys }) => keys),
          wantValue: wanted(parcels),
          at: latest(parcels),
          deadlineMs: boundOf(deadlineMs),
        }),
    },
    { ...ports, budget },
  );
}

function repairLane({ replica, ports, ...way }: Way, budget: ByteBudget, messagesMax?: number) {
  return new Lane<WriteParcel, WriteAnswers>(
    {
      ...way,
      messagesMax,
      exchange: (parcels, deadlineMs) =>
        replica.repairBatch({
          records: joined(parcels.map(({ records }) => records)),
          deadlineMs: boundOf(deadlineMs),
        }),
    },
    { ...ports, budget },
  );
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

function latest(parcels: readonly ReadParcel[]): ReadParcel['at'] {
  let { at } = parcels[0]!;
  for (const parcel of parcels) if (parcel.at > at) at = parcel.at;
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
