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

export interface Lane<Operation, Reply> {
  /** Rejects with whatever `exchange` rejected with, or ReplicaUnreachable if it was not sent in time. */
  submit(operation: Operation, facts: SubmitFacts): Promise<Reply>;
}

export interface SubmitFacts {
  /** Of its record or key. */
  readonly bytes: number;
  /** Milliseconds from now; 0 = no bound. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends one message; gives one reply for each operation, in the same order, undefined where the peer could not tell.
 * `deadlineMs`: Infinity = no bound.
 */
export type Exchange<Operation, Reply> = (
  operations: readonly Operation[],
  deadlineMs: number,
) => Promise<readonly (Reply | undefined)[]>;

/** Bytes of requests on their way to one peer, over all its lanes. */
export interface ByteBudget {
  /** False = that many more would be too many. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

export function createByteBudget(bytesMax: number): ByteBudget {
  let taken = 0;
  return {
    take: (bytes) => {
      // One operation always fits, however large: else it could never be sent.
      if (taken > 0 && taken + bytes > bytesMax) return false;
      taken += bytes;
      return true;
    },
    give: (bytes) => {
      taken -= bytes;
    },
  };
}

/** `overloaded`: never sent, and never will be. */
export class LaneFull extends Error {}

interface Waiting<Operation, Reply> {
  readonly operation: Operation;
  readonly bytes: number;
  /** By the monotonic clock; Infinity = no bound. */
  readonly deadlineAtMs: number;
  readonly signal: AbortSignal | undefined;
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

export function createLane<Operation, Reply>(
  exchange: Exchange<Operation, Reply>,
  { budget, clock, timers }: { budget: ByteBudget; clock: Clock; timers: Timers },
): Lane<Operation, Reply> {
  let waiting: Waiting<Operation, Reply>[] = [];
  let inFlight = 0;
  let flushIsDue = false;

  function submit(operation: Operation, { bytes, deadlineMs, signal }: SubmitFacts): Promise<Reply> {
    const counted = bytes + operationOverheadBytes;
    if (!budget.take(counted)) return Promise.reject(new LaneFull());
    return new Promise<Reply>((resolve, reject) => {
      const deadlineAtMs = deadlineMs === 0 ? Infinity : clock.monotonicMs() + deadlineMs;
      waiting.push({ operation, bytes: counted, deadlineAtMs, signal, resolve, reject });
      scheduleFlush();
    });
  }

  function scheduleFlush(): void {
    if (flushIsDue) return;
    flushIsDue = true;
    timers.nextTurn(() => {
      flushIsDue = false;
      while (inFlight < messagesInFlightMax && waiting.length > 0) flush();
    });
  }

  function flush(): void {
    const nowMs = clock.monotonicMs();
    const message: Waiting<Operation, Reply>[] = [];
    let bytes = 0;
    let looked = 0;
    for (const entry of waiting) {
      if (message.length === operationsPerMessageMax) break;
      if (message.length > 0 && bytes + entry.bytes > recordBytesPerMessageMax) break;
      looked += 1;
      if (entry.signal?.aborted === true || entry.deadlineAtMs <= nowMs) {
        budget.give(entry.bytes);
        entry.reject(new ReplicaUnreachable('nobody waits for the reply any more', { sent: false }));
        continue;
      }
      bytes += entry.bytes;
      message.push(entry);
    }
    waiting = waiting.slice(looked);
    if (message.length > 0) void send(message, { bytes, nowMs });
  }

  async function send(
    message: readonly Waiting<Operation, Reply>[],
    { bytes, nowMs }: { bytes: number; nowMs: number },
  ): Promise<void> {
    inFlight += 1;
    const deadlineMs = message.reduce((longest, entry) => Math.max(longest, entry.deadlineAtMs - nowMs), 0);
    try {
      const replies = await exchange(
        message.map(({ operation }) => operation),
        deadlineMs,
      );
      for (const [index, { resolve, reject }] of message.entries()) {
        const reply = replies[index];
        if (reply === undefined)
          reject(new ReplicaUnreachable('the peer could not tell what became of it', { sent: true }));
        else resolve(reply);
      }
    } catch (error) {
      for (const { reject } of message) reject(error);
    } finally {
      inFlight -= 1;
      budget.give(bytes);
      if (waiting.length > 0) scheduleFlush();
    }
  }

  return { submit };
}
