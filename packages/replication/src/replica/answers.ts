/**
 * What a replica answered to a message of many operations. Nearly all answers of a message say the same, so they can be asked
 * for that without an object being made of each; those that say something else are read one at a time.
 */
import { type Timestamp, zeroTimestamp } from '@kv/hlc';
import type { RecordHead, RecordView } from '@kv/storage';

import {
  type HeadAnswer,
  perhapsSent,
  type ReadAnswer,
  type Unreachable,
  type WriteAnswer,
} from './channel.js';
import type { Incarnation, Refusal, ReplyFacts } from './replica.js';
import { compareHeld } from '../cores/newest-record.js';

export interface Answers<Answer> {
  /** The message failed: each was answered `unreachable`. */
  readonly isNone: boolean;
  /** As each of the answers tells them (rule 15); none where the message failed. */
  readonly incarnations: readonly Incarnation[];
  /** An operation that was not answered may have been carried out. */
  answerAt(index: number): Answer;
}

export interface WriteAnswers extends Answers<WriteAnswer> {
  /** Whether the answer is `stored`, and tells of no previous record. */
  isStored(index: number): boolean;
  /**
   * Whether the answer is `stored`, and the previous record that was wanted is the expected one, or none as expected: the
   * answer itself does not show it then.
   */
  isAsExpected(index: number): boolean;
}

export interface ReadAnswers extends Answers<ReadAnswer | HeadAnswer> {
  isAbsent(index: number): boolean;
  /** The record that is shown, whole or by its head, if all of it is at hand. */
  recordAt(index: number): RecordView | undefined;
  /** Of the record that is shown, whole or by its head; 0: there is none. Undefined: the answer says something else. */
  timestampAt(index: number): Timestamp | undefined;
  /** Whether this very record is shown, whole or by its head. */
  shows(index: number, record: RecordView): boolean;
}

/** Is told once what became of a message. Those to its operations begin at `first`. */
export interface AnswersReceiver<Batch> {
  onAnswers(from: number, answers: Batch, first: number): void;
}

export function writeAnswersOf(replies: readonly (WriteAnswer | undefined)[]): WriteAnswers {
  return {
    isNone: false,
    incarnations: incarnationsOf(replies),
    isStored: (index) => {
      const reply = replies[index];
      return reply?.kind === 'stored' && reply.previous === undefined;
    },
    isAsExpected: () => false,
    answerAt: (index) => replies[index] ?? perhapsSent,
  };
}

export function readAnswersOf(replies: readonly (ReadAnswer | HeadAnswer | undefined)[]): ReadAnswers {
  const recordAt = (index: number): RecordView | undefined => {
    const reply = replies[index];
    return reply?.kind === 'found' ? reply.record : undefined;
  };
  return {
    isNone: false,
    incarnations: incarnationsOf(replies),
    isAbsent: (index) => replies[index]?.kind === 'absent',
    recordAt,
    timestampAt: (index) => timestampOf(replies[index]),
    shows: (index, record) => {
      const head = headIn(replies[index]);
      return head !== undefined && compareHeld(head, record) === 0;
    },
    answerAt: (index) => replies[index] ?? perhapsSent,
  };
}

/** The whole message was answered so, or not at all. */
export function sameAnswer(answer: (Refusal & ReplyFacts) | Unreachable): WriteAnswers & ReadAnswers {
  return {
    isNone: answer.kind === 'unreachable',
    incarnations: answer.kind === 'unreachable' ? [] : answer.incarnations,
    isStored: () => false,
    isAsExpected: () => false,
    isAbsent: () => false,
    recordAt: () => undefined,
    timestampAt: () => undefined,
    shows: () => false,
    answerAt: () => answer,
  };
}

function headIn(answer: ReadAnswer | HeadAnswer | undefined): RecordHead | undefined {
  if (answer?.kind === 'found') return answer.record;
  return answer?.kind === 'head' ? answer.head : undefined;
}

function timestampOf(answer: ReadAnswer | HeadAnswer | undefined): Timestamp | undefined {
  if (answer === undefined || answer.kind === 'unreachable' || answer.kind === 'refused') return undefined;
  // What was purged has a say, which is for whoever reads single answers.
  if (answer.purgeFloor !== zeroTimestamp) return undefined;
  return headIn(answer)?.version.timestamp ?? zeroTimestamp;
}

function incarnationsOf(answers: readonly (WriteAnswer | ReadAnswer | HeadAnswer | undefined)[]) {
  for (const answer of answers) {
    if (answer !== undefined && answer.kind !== 'unreachable') return answer.incarnations;
  }
  return [];
}
