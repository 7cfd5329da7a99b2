/**
 * Reads of this member's own copy and of no other, for clients that coordinate reads themselves (protocol rule 24). Each is
 * answered by what a coordinator would be answered: durable state, and nothing where the copy is suspect.
 */
import { toKvError } from '@kv/errors';

import { judgeReadFailure, type ReadFailure } from '../cores/read-failure.js';
import { readError } from '../errors.js';
import { flightOperationsMax } from '../limits.js';
import { type AnswersReceiver, type ReadAnswers, sameAnswer } from '../replica/answers.js';
import { notSent } from '../replica/channel.js';
import type { Caller, RunningOperation } from './caller.js';
import { checkKey } from './check-request.js';
import type { Waiting } from './patience.js';
import type { CallOptions, ReplicaReadRequest, ReplicaReadResult } from './requests.js';
import { readTime, serverTime, type Shell } from './shell.js';

export class ReplicaReads {
  readonly #shell: Shell;
  #gathering: Glance | undefined;

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  /** @throws KvError `invalid-argument` */
  read(
    { key }: ReplicaReadRequest,
    { timeoutMs }: CallOptions,
    caller: Caller<ReplicaReadResult>,
  ): RunningOperation {
    checkKey(key);
    const { requestTimeoutMs } = this.#shell.options;
    return this.#glance().take(key, Math.min(timeoutMs ?? requestTimeoutMs, requestTimeoutMs), caller);
  }

  /** The one that leaves at the end of what runs now: a session hands over a whole message in one go. */
  #glance(): Glance {
    if (this.#gathering?.isFull === false) return this.#gathering;
    const glance = new Glance(this.#shell);
    this.#gathering = glance;
    void Promise.resolve().then(() => {
      if (this.#gathering === glance) this.#gathering = undefined;
      glance.begin();
    });
    return glance;
  }
}

class Reader implements RunningOperation {
  /** Undefined once it was told. */
  #caller: Caller<ReplicaReadResult> | undefined;

  constructor(caller: Caller<ReplicaReadResult>) {
    this.#caller = caller;
  }

  resolve(result: ReplicaReadResult): void {
    this.#take()?.resolve(result);
  }

  reject(error: unknown): void {
    this.#take()?.reject(error);
  }

  fail(why: ReadFailure['why'], answer: { readonly kind: string } = notSent): void {
    const failure = judgeReadFailure({ why, owners: 1, required: 1, received: 0, answers: [answer] });
    this.reject(readError(failure, undefined));
  }

  abandon(): void {
    if (this.#caller !== undefined) this.fail('client-gone');
  }

  #take(): Caller<ReplicaReadResult> | undefined {
    const caller = this.#caller;
    this.#caller = undefined;
    return caller;
  }
}

/** Reads that are one look into the store. */
class Glance implements AnswersReceiver<ReadAnswers>, Waiting {
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
