import type { Timestamp } from '@kv/hlc';
import { headOf, readRecords } from '@kv/storage';

import {
  type AnswersReceiver,
  type ReadAnswers,
  readAnswersOf,
  type WriteAnswers,
  writeAnswersOf,
} from './answers.js';
import type { HeadReply, ReadReply, Replica, WriteReply } from './replica.js';
import { mayHaveBeenSent } from './replica.js';
import type { VersionColumn } from './version-column.js';

/**
 * The way from a coordinator to one owner, for operations by the hundred thousand a second: each is handed over with
 * whoever is to be told, and costs no promise. Many may travel together.
 *
 * What it owes is what a `Replica` owes. In addition: each request is answered exactly once, whatever goes wrong, and
 * never before it returned.
 */
export interface ReplicaChannel extends Pick<Replica, 'repair' | 'scanPartition'> {
  write(request: WriteRequest, receiver: AnswerReceiver<WriteAnswer>): void;
  read(request: ReadRequest, receiver: AnswerReceiver<ReadAnswer | HeadAnswer>): void;
  /** All of them in one message; whoever is told hears of all at once. */
  writeMany(request: ManyWrites, receiver: AnswersReceiver<WriteAnswers>): void;
  readMany(request: ManyReads, receiver: AnswersReceiver<ReadAnswers>): void;
}

/** Is told how the request to a member ended. `tag`: whatever the request carried. */
export interface AnswerReceiver<Answer> {
  onAnswer(from: number, tag: number, answer: Answer): void;
}

interface Bounds {
  /** By the monotonic clock; work whose time is over is not started. */
  readonly deadlineAtMs: number;
  /** Returned with the answer. */
  readonly tag: number;
}

export interface WriteRequest extends Bounds {
  /** Exactly one encoded record. */
  readonly record: Uint8Array;
  readonly wantPrevious: boolean;
}

export interface ReadRequest extends Bounds {
  readonly key: Uint8Array;
  /** The reading coordinator's time, which the replica merges into its own before it answers (rule 16). */
  readonly at: Timestamp;
  /** False: what identifies the record is enough. */
  readonly wantValue: boolean;
}

interface Many {
  readonly deadlineAtMs: number;
  /** Nobody else is asked for it, or for them: it gains nothing by waiting for others, and no message has to go first. */
  readonly isLone: boolean;
}

export interface ManyWrites extends Many {
  /** Encoded, laid end to end. */
  readonly records: Uint8Array;
  readonly count: number;
  /** What each is expected to replace, if the previous records are wanted: those that are something else are shown. */
  readonly expected: VersionColumn | undefined;
}

export interface ManyReads extends Many {
  readonly keys: readonly Uint8Array[];
  /** As in `ReadRequest`. */
  readonly at: Timestamp;
  readonly wantValues: boolean;
}

/** The call failed. `sent: false`: it was handed to no transport, and never will be (rule 12). */
export interface Unreachable {
  readonly kind: 'unreachable';
  readonly sent: boolean;
}

export type WriteAnswer = WriteReply | Unreachable;
export type ReadAnswer = ReadReply | { readonly kind: 'unreachable' };
/** Instead of `found`, where the value was not asked for. */
export type HeadAnswer = HeadReply;

export const notSent: Unreachable = { kind: 'unreachable', sent: false };
export const perhapsSent: Unreachable = { kind: 'unreachable', sent: true };

export function unreachableBy(error: unknown): Unreachable {
  return mayHaveBeenSent(error) ? perhapsSent : notSent;
}

/** A channel to a replica that answers by promises: in tests, or wherever operations are few. */
export function channelTo(
  member: number,
  replica: Replica,
  clock: { monotonicMs(): number },
): ReplicaChannel {
  const leftMs = (deadlineAtMs: number): number => Math.max(1, Math.ceil(deadlineAtMs - clock.monotonicMs()));
  return {
    write: ({ record, wantPrevious, deadlineAtMs, tag }, receiver) => {
      tell(
        () => replica.write({ record, wantPrevious, deadlineMs: leftMs(deadlineAtMs) }),
        (answer) => receiver.onAnswer(member, tag, answer),
      );
    },
    read: ({ key, at, wantValue, deadlineAtMs, tag }, receiver) => {
      tell(
        () => replica.read({ key, at, deadlineMs: leftMs(deadlineAtMs) }),
        (answer) => receiver.onAnswer(member, tag, wantValue ? answer : headOnly(answer)),
      );
    },
    writeMany: ({ records, expected, deadlineAtMs }, receiver) => {
      const wantPrevious = expected !== undefined;
      const deadlineMs = leftMs(deadlineAtMs);
      const writes = readRecords(records).map(({ bytes: record }) =>
        orUnreachable(() => replica.write({ record, wantPrevious, deadlineMs })),
      );
      void Promise.all(writes).then((answers) => {
        receiver.onAnswers(member, writeAnswersOf(answers), 0);
      });
    },
    readMany: ({ keys, at, wantValues, deadlineAtMs }, receiver) => {
      const deadlineMs = leftMs(deadlineAtMs);
      const reads = keys.map(async (key) => {
        const answer = await orUnreachable(() => replica.read({ key, at, deadlineMs }));
        return wantValues ? answer : headOnly(answer);
      });
      void Promise.all(reads).then((answers) => {
        receiver.onAnswers(member, readAnswersOf(answers), 0);
      });
    },
    repair: (operation) => replica.repair(operation),
    scanPartition: (operation) => replica.scanPartition(operation),
  };
}

function tell<Reply>(ask: () => Promise<Reply>, hear: (answer: Reply | Unreachable) => void): void {
  void orUnreachable(ask).then(hear);
}

async function orUnreachable<Reply>(ask: () => Promise<Reply>): Promise<Reply | Unreachable> {
  try {
    return await ask();
  } catch (error) {
    return unreachableBy(error);
  }
}

function headOnly(answer: ReadAnswer): ReadAnswer | HeadAnswer {
  if (answer.kind !== 'found') return answer;
  const { hlcTime, purgeFloor, epoch, incarnations, record } = answer;
  return { kind: 'head', head: headOf(record), hlcTime, purgeFloor, epoch, incarnations };
}
