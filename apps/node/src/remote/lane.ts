/**
 * Operations of one kind on their way to one peer. Those submitted in one turn of the event loop travel as one message;
 * while as many messages as may be are in flight, later operations gather for the next one. So the messages grow with
 * the load, and an idle lane adds no delay beyond the turn.
 */
import { ReplicaUnreachable } from '@kv/replication';

import {
  messagesInFlightMax,
  operationOverheadBytes,
  operationsPerMessageMax,
  recordBytesPerMessageMax,
} from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import type { ByteBudget } from './byte-budget.js';

/**
 * Sends one message; gives one reply for each operation, in the same order, undefined where the peer could not tell.
 * `deadlineMs`: Infinity = no bound.
 */
export type Exchange<Operation, Reply> = (
  operations: readonly Operation[],
  deadlineMs: number,
) => Promise<readonly (Reply | undefined)[]>;

export interface SubmitFacts {
  /** Of its record or key. */
  readonly bytes: number;
  /** Milliseconds from now; 0 = no bound. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface LanePorts {
  readonly budget: ByteBudget;
  readonly clock: Clock;
  readonly timers: Timers;
  /** In flight at a time. */
  readonly messagesMax?: number | undefined;
}

/** Too many bytes are on their way to the peer: the operation was not sent, and never will be. */
export class LaneFull extends Error {}

interface Entry<Operation, Reply> {
  readonly operation: Operation;
  readonly bytes: number;
  /** By the monotonic clock; Infinity = no bound. */
  readonly deadlineAtMs: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: unknown) => void;
}

export class Lane<Operation, Reply> {
  readonly #exchange: Exchange<Operation, Reply>;
  readonly #ports: LanePorts;
  #waiting: Entry<Operation, Reply>[] = [];
  #inFlight = 0;
  #flushIsDue = false;

  constructor(exchange: Exchange<Operation, Reply>, ports: LanePorts) {
    this.#exchange = exchange;
    this.#ports = ports;
  }

  /**
   * Rejects with `LaneFull`, with `ReplicaUnreachable` (not sent) if its time was over before a message left, or with
   * whatever the exchange of its message rejected with.
   */
  submit(operation: Operation, { bytes, deadlineMs, signal }: SubmitFacts): Promise<Reply> {
    const { budget, clock } = this.#ports;
    const counted = bytes + operationOverheadBytes;
    if (!budget.take(counted)) return Promise.reject(new LaneFull());
    return new Promise<Reply>((resolve, reject) => {
      const deadlineAtMs = deadlineMs === 0 ? Infinity : clock.monotonicMs() + deadlineMs;
      this.#waiting.push({ operation, bytes: counted, deadlineAtMs, signal, resolve, reject });
      this.#scheduleFlush();
    });
  }

  #scheduleFlush(): void {
    if (this.#flushIsDue) return;
    this.#flushIsDue = true;
    this.#ports.timers.nextTurn(() => {
      this.#flushIsDue = false;
      while (this.#inFlight < (this.#ports.messagesMax ?? messagesInFlightMax) && this.#waiting.length > 0) {
        const message = this.#nextMessage();
        if (message.length > 0) void this.#send(message);
      }
    });
  }

  /** Takes what fits into one message, and drops what nobody waits for any more: empty if that was all of it. */
  #nextMessage(): Entry<Operation, Reply>[] {
    const nowMs = this.#ports.clock.monotonicMs();
    const message: Entry<Operation, Reply>[] = [];
    let bytes = 0;
    let looked = 0;
    for (const entry of this.#waiting) {
      if (message.length === operationsPerMessageMax) break;
      if (message.length > 0 && bytes + entry.bytes > recordBytesPerMessageMax) break;
      looked += 1;
      if (entry.signal?.aborted === true || entry.deadlineAtMs <= nowMs) {
        this.#ports.budget.give(entry.bytes);
        entry.reject(new ReplicaUnreachable('nobody waits for the reply any more', { sent: false }));
        continue;
      }
      bytes += entry.bytes;
      message.push(entry);
    }
    this.#waiting = this.#waiting.slice(looked);
    return message;
  }

  async #send(message: readonly Entry<Operation, Reply>[]): Promise<void> {
    const { budget, clock } = this.#ports;
    const deadlineAtMs = message.reduce((latest, entry) => Math.max(latest, entry.deadlineAtMs), 0);
    this.#inFlight += 1;
    try {
      const operations = message.map(({ operation }) => operation);
      const replies = await this.#exchange(operations, deadlineAtMs - clock.monotonicMs());
      for (const [index, entry] of message.entries()) settle(entry, replies[index]);
    } catch (error) {
      for (const { reject } of message) reject(error);
    } finally {
      this.#inFlight -= 1;
      for (const { bytes } of message) budget.give(bytes);
      if (this.#waiting.length > 0) this.#scheduleFlush();
    }
  }
}

function settle<Reply>(entry: Entry<unknown, Reply>, reply: Reply | undefined): void {
  if (reply !== undefined) entry.resolve(reply);
  else entry.reject(new ReplicaUnreachable('the peer could not tell what became of it', { sent: true }));
}
