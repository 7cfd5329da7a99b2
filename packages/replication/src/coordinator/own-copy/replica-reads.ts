/**
 * Reads of this member's own copy and of no other, for clients that coordinate reads themselves (protocol rule 24). Each is
 * answered by what a coordinator would be answered: durable state, and nothing where the copy is suspect.
 */
import { toKvError } from '@kv/errors';

import { judgeReadFailure, type ReadFailure } from '../../cores/read-failure.js';
import { readError } from '../../errors.js';
import { flightOperationsMax } from '../../limits.js';
import { type AnswersReceiver, type ReadAnswers, sameAnswer } from '../../replica/answers.js';
import { notSent } from '../../replica/channel.js';
import type { Caller, RunningOperation } from '../caller.js';
import { checkKey } from '../check-request.js';
import type { Waiting } from '../patience.js';
import type { CallOptions, ReplicaReadRequest, ReplicaReadResult } from '../requests.js';
import { boundedTimeoutMs, readTime, serverTime, type Shell } from '../shell.js';
import { Awaited, type Gathered, Gathering } from './gathering.js';

export class ReplicaReads {
  readonly #shell: Shell;
  readonly #gathering: Gathering<Glance>;

  constructor(shell: Shell) {
    this.#shell = shell;
    this.#gathering = new Gathering(() => new Glance(shell));
  }

  /** @throws KvError `invalid-argument` */
  read(
    { key }: ReplicaReadRequest,
    options: CallOptions,
    caller: Caller<ReplicaReadResult>,
  ): RunningOperation {
    checkKey(key);
    return this.#gathering.gather().take(key, boundedTimeoutMs(this.#shell, options), caller);
  }
}

class Reader extends Awaited<ReplicaReadResult> {
  fail(why: ReadFailure['why'], answer: { readonly kind: string } = notSent): void {
    const failure = judgeReadFailure({ why, owners: 1, required: 1, received: 0, answers: [answer] });
    this.reject(readError(failure, undefined));
  }

  abandon(): void {
    if (!this.isOver) this.fail('client-gone');
  }
}

/** Reads that are one look into the store. */
class Glance implements Gathered, AnswersReceiver<ReadAnswers>, Waiting {
  readonly #shell: Shell;
  readonly #keys: Uint8Array[] = [];
  readonly #readers: Reader[] = [];
  #timeoutMs = 0;
  #isOver = false;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  get isFull(): boolean {
    return this.#keys.length >= flightOperationsMax;
  }

  get isClosed(): boolean {
    return this.#isOver;
  }

  take(key: Uint8Array, timeoutMs: number, caller: Caller<ReplicaReadResult>): RunningOperation {
    const reader = new Reader(caller);
    this.#keys.push(key);
    this.#readers.push(reader);
    this.#timeoutMs = Math.max(this.#timeoutMs, timeoutMs);
    return reader;
  }

  begin(): void {
    const { clock, patience, placement } = this.#shell;
    const nowMs = clock.monotonicMs();
    const deadlineAtMs = nowMs + this.#timeoutMs;
    patience.watch(this, nowMs);
    try {
      const own = this.#shell.replica(placement.self);
      const at = readTime(this.#shell);
      if (own === undefined) this.onAnswers(placement.self, sameAnswer(notSent), 0);
      else own.readMany({ keys: this.#keys, at, wantValues: true, deadlineAtMs, isLone: true }, this);
    } catch (error) {
      this.#isOver = true;
      for (const reader of this.#readers) reader.reject(toKvError(error));
    }
  }

  onAnswers(_from: number, answers: ReadAnswers, first: number): void {
    this.#isOver = true;
    const { decisions, placement } = this.#shell;
    const member = placement.self;
    const { incarnations } = answers;
    const time = serverTime(this.#shell);
    for (let index = 0; index < this.#readers.length; index += 1) {
      const reader = this.#readers[index]!;
      const record = answers.recordAt(first + index);
      if (record === undefined && !answers.isAbsent(first + index)) {
        reader.fail('no-quorum', answers.answerAt(first + index));
        continue;
      }
      const identity = record === undefined ? undefined : decisions.recordIdentity(record);
      reader.resolve({ record, identity, member, incarnations, serverTime: time });
    }
  }

  /** Its disk stalls, if anything: those of others need not. */
  patienceIsOver(): void {
    this.#isOver = true;
    for (const reader of this.#readers) reader.fail('deadline');
  }
}
