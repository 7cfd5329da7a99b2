/**
 * Operations of one kind on their way to one member. Those submitted in one turn of the event loop travel as one message;
 * while as many messages as may be are in flight, later operations gather for the next one. So the messages grow with
 * the load, and an idle lane adds no delay beyond the turn.
 */
import { type AnswerReceiver, notSent, perhapsSent, type Unreachable } from '@kv/replication';

import type { ByteBudget } from './byte-budget.js';
import {
  messagesInFlightMax,
  operationOverheadBytes,
  operationsPerMessageMax,
  recordBytesPerMessageMax,
  recordsReturnedPerMessageMax,
} from '../limits.js';
import type { Clock, Timers } from '../ports.js';

/**
 * Sends one message; gives one answer for each operation, in the same order, undefined where the member could not tell.
 * `deadlineMs`: Infinity = no bound.
 */
export type Exchange<Operation, Answer> = (
  operations: readonly Operation[],
  deadlineMs: number,
) => Promise<readonly (Answer | undefined)[]>;

export interface LaneOperation {
  /** By the monotonic clock; Infinity = no bound. */
  readonly deadlineAtMs: number;
  /** Returned with the answer. */
  readonly tag: number;
  readonly signal?: AbortSignal | undefined;
}

export interface LaneOptions<Operation, Answer> {
  /** Number of the member that is asked. */
  readonly member: number;
  readonly exchange: Exchange<Operation, Answer>;
  /** Of its record or key. */
  bytesOf(operation: Operation): number;
  /** Whether its answer may carry a record, which bounds how many fit one message. */
  returnsRecord(operation: Operation): boolean;
  /** What to answer if the message failed so. */
  failed(error: unknown): Answer | Unreachable;
  /** In flight at a time. */
  readonly messagesMax?: number | undefined;
}

export interface LanePorts {
  readonly budget: ByteBudget;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Too many bytes are on their way to the member: the operation was not sent, and never will be. */
export class LaneFull extends Error {}

interface Entry<Operation, Answer> {
  readonly operation: Operation;
  readonly receiver: AnswerReceiver<Answer | Unreachable>;
  readonly bytes: number;
}

export class Lane<Operation extends LaneOperation, Answer> {
  readonly #options: LaneOptions<Operation, Answer>;
  readonly #ports: LanePorts;
  readonly #messagesMax: number;
  #waiting: Entry<Operation, Answer>[] = [];
  #inFlight = 0;
  #flushIsDue = false;

  constructor(options: LaneOptions<Operation, Answer>, ports: LanePorts) {
    this.#options = options;
    this.#ports = ports;
    this.#messagesMax = options.messagesMax ?? messagesInFlightMax;
  }

  /** The receiver is told once, in a later turn or microtask. */
  submit(operation: Operation, receiver: AnswerReceiver<Answer | Unreachable>): void {
    const bytes = this.#options.bytesOf(operation) + operationOverheadBytes;
    if (!this.#ports.budget.take(bytes)) {
      const full = this.#options.failed(new LaneFull());
      void Promise.resolve().then(() => this.#tell(operation, receiver, full));
      return;
    }
    this.#waiting.push({ operation, receiver, bytes });
    if (!this.#flushIsDue && this.#inFlight < this.#messagesMax) this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    this.#flushIsDue = true;
    this.#ports.timers.nextTurn(() => {
      this.#flushIsDue = false;
      while (this.#inFlight < this.#messagesMax && this.#waiting.length > 0) {
        const message = this.#nextMessage();
        if (message.length > 0) void this.#send(message);
      }
    });
  }

  /** Takes what fits into one message, and drops what nobody waits for any more: empty if that was all of it. */
  #nextMessage(): readonly Entry<Operation, Answer>[] {
    const nowMs = this.#ports.clock.monotonicMs();
    const message: Entry<Operation, Answer>[] = [];
    let bytes = 0;
    let returned = 0;
    let looked = 0;
    for (const entry of this.#waiting) {
      const { operation } = entry;
      if (message.length === operationsPerMessageMax) break;
      if (message.length > 0 && bytes + entry.bytes > recordBytesPerMessageMax) break;
      if (this.#options.returnsRecord(operation)) {
        if (returned === recordsReturnedPerMessageMax) break;
        returned += 1;
      }
      looked += 1;
      if (operation.signal?.aborted === true || operation.deadlineAtMs <= nowMs) {
        this.#ports.budget.give(entry.bytes);
        this.#tell(operation, entry.receiver, notSent);
        continue;
      }
      bytes += entry.bytes;
      message.push(entry);
    }
    this.#waiting = looked === this.#waiting.length ? [] : this.#waiting.slice(looked);
    return message;
  }

  async #send(message: readonly Entry<Operation, Answer>[]): Promise<void> {
    const { budget, clock } = this.#ports;
    const operations: Operation[] = [];
    let deadlineAtMs = 0;
    let bytes = 0;
    for (const entry of message) {
      operations.push(entry.operation);
      bytes += entry.bytes;
      if (entry.operation.deadlineAtMs > deadlineAtMs) deadlineAtMs = entry.operation.deadlineAtMs;
    }
    this.#inFlight += 1;
    let answers: readonly (Answer | undefined)[] = [];
    let failure: Answer | Unreachable = perhapsSent;
    try {
      answers = await this.#options.exchange(operations, deadlineAtMs - clock.monotonicMs());
    } catch (error) {
      failure = this.#options.failed(error);
    }
    this.#inFlight -= 1;
    budget.give(bytes);
    for (let index = 0; index < message.length; index += 1) {
      const { operation, receiver } = message[index]!;
      this.#tell(operation, receiver, answers[index] ?? failure);
    }
    if (this.#waiting.length > 0 && !this.#flushIsDue) this.#scheduleFlush();
  }

  #tell(
    { tag }: Operation,
    receiver: AnswerReceiver<Answer | Unreachable>,
    answer: Answer | Unreachable,
  ): void {
    receiver.onAnswer(this.#options.member, tag, answer);
  }
}
