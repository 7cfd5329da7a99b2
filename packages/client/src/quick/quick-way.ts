/**
 * Where operations are that made no more than one attempt so far. They cost little because they share what others have
 * each for themselves: one list, one timer for the earliest deadline in it, one count of what is under way.
 */
import { KvError } from '@kv/errors';

import { attemptTimeoutMs, type FailedAttempt } from '../attempts/attempts.js';
import type { Contact } from '../attempts/endpoint-pool.js';
import { channels, type OperationEvent } from '../diagnostics.js';
import { createOperationScope, listenToMany, type OperationScope } from '../attempts/operation-scope.js';
import { deadlineSweepMsMin, overloadedRetryMs } from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import type { Router } from '../routing/router.js';
import type { BusyPoll } from '../sending/busy-poll.js';
import type { QuickOperation, Waiter } from './quick-operation.js';

export interface QuickWayOptions {
  /** Under way and waiting, in all. */
  readonly operationsMax: number;
  readonly bytesMax: number;
}

export interface QuickWayPorts {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly router: Pick<Router, 'begin' | 'over' | 'hasAlternatives'>;
  readonly busyPoll: Pick<BusyPoll, 'expect' | 'rest'>;
  /** An attempt failed. */
  readonly onFailure: (failure: KvError) => void;
}

export class QuickWay {
  readonly #options: QuickWayOptions;
  readonly #ports: QuickWayPorts;
  #first: QuickOperation | undefined;
  #last: QuickOperation | undefined;
  readonly #slow = new Set<OperationScope>();
  #operations = 0;
  #bytes = 0;
  #sweepAtMs = Infinity;
  #sweptAtMs = -Infinity;
  #cancelSweep: (() => void) | undefined;
  #isClosed = false;

  constructor(options: QuickWayOptions, ports: QuickWayPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Operations and bytes under way, whichever way. */
  get load(): { readonly operations: number; readonly bytes: number } {
    return { operations: this.#operations, bytes: this.#bytes };
  }

  /** The waiter is told later, never from within; with this place. */
  begin<T>(operation: QuickOperation<T>, waiter: Waiter<T>, place = 0): void {
    operation.awaitedBy(waiter, place);
    const refusal = this.#refusal(operation);
    if (refusal !== undefined) {
      // Later, and without a timer: whoever began many must not be called back while it begins them.
      void Promise.resolve().then(() => operation.reject(refusal));
      return;
    }
    operation.way = this;
    this.#operations += 1;
    this.#bytes += operation.bytes;
    const nowMs = this.#ports.clock.monotonicMs();
    operation.beganAtMs = nowMs;
    operation.endsAtMs = nowMs + operation.bounds.timeoutMs;
    this.#ports.busyPoll.expect(nowMs);
    const contact = this.#ports.router.begin(operation, nowMs);
    if (contact === undefined) {
      this.#runSlowly(operation, undefined);
      return;
    }
    this.#append(operation);
    this.#listen(operation);
    this.send(operation, contact, nowMs);
  }

  /** The first attempt, or the second round of one that has two. */
  send(operation: QuickOperation, contact: Contact, nowMs: number): void {
    operation.contact = contact;
    const leftMs = Math.max(0, operation.endsAtMs - nowMs);
    operation.attemptEndsAtMs = nowMs + attemptTimeoutMs(leftMs, !this.#ports.router.hasAlternatives);
    this.#sweepBy(operation.attemptEndsAtMs, nowMs);
    contact.lane.submit(operation);
  }

  /** The attempt under way is over earlier. */
  hurry(operation: QuickOperation, afterMs: number, nowMs: number): void {
    operation.attemptEndsAtMs = Math.min(operation.attemptEndsAtMs, nowMs + afterMs);
    this.#sweepBy(operation.attemptEndsAtMs, nowMs);
  }

  /** It is over; its waiter is the caller's to tell. */
  settle(operation: QuickOperation, error: unknown): void {
    this.#remove(operation, error === undefined);
    this.#leave(operation, error);
  }

  continueSlowly(operation: QuickOperation, first: FailedAttempt | undefined): void {
    this.#remove(operation, false);
    if (first !== undefined) this.#ports.onFailure(first.failure);
    this.#runSlowly(operation, first);
  }

  close(): void {
    this.#isClosed = true;
    for (const scope of this.#slow) scope.close();
    this.#cancelSweep?.();
    for (;;) {
      const operation = this.#first;
      if (operation === undefined) return;
      const outcome = operation.givenUp() ? 'unknown' : operation.outcomeOfNothing;
      const error = new KvError('closed', 'the client was closed', { outcome });
      this.settle(operation, error);
      operation.reject(error);
    }
  }

  #refusal({ bytes, bounds: { signal }, outcomeOfNothing: outcome }: QuickOperation): unknown {
    if (this.#isClosed) return new KvError('closed', 'the client was closed', { outcome });
    if (signal?.aborted === true) return signal.reason;
    const { operationsMax, bytesMax } = this.#options;
    const isFull =
      this.#operations >= operationsMax || (this.#bytes + bytes > bytesMax && this.#operations > 0);
    if (!isFull) return undefined;
    return new KvError(
      'overloaded',
      `${this.#operations} operations of ${this.#bytes} bytes are under way in this client already`,
      { outcome, retryAfterMs: overloadedRetryMs },
    );
  }

  #runSlowly(operation: QuickOperation, first: FailedAttempt | undefined): void {
    const { bounds, endsAtMs, name: what } = operation;
    const scope = createOperationScope({ ...bounds, endsAtMs, what }, this.#ports);
    this.#slow.add(scope);
    const over = (error: unknown): void => {
      this.#slow.delete(scope);
      scope.release();
      this.#leave(operation, error);
    };
    operation.runSlowly(scope, first).then(
      (value) => {
        over(undefined);
        operation.resolve(value);
      },
      (error: unknown) => {
        over(error);
        operation.reject(error);
      },
    );
  }

  #listen(operation: QuickOperation): void {
    const { signal } = operation.bounds;
    if (signal === undefined) return;
    operation.onAbort = () => {
      operation.givenUp();
      this.settle(operation, signal.reason);
      operation.reject(signal.reason);
    };
    listenToMany(signal, operation.onAbort);
  }

  #leave(operation: QuickOperation, error: unknown): void {
    this.#operations -= 1;
    this.#bytes -= operation.bytes;
    if (this.#operations === 0) this.#ports.busyPoll.rest();
    if (channels.operation.hasSubscribers) this.#publish(operation, error);
  }

  #publish({ name, key, contact, beganAtMs }: QuickOperation, error: unknown): void {
    const durationMs = this.#ports.clock.monotonicMs() - beganAtMs;
    const event: OperationEvent = { name, key, endpoint: contact?.endpoint, durationMs, error };
    channels.operation.publish(event);
  }

  #append(operation: QuickOperation): void {
    operation.before = this.#last;
    if (this.#last === undefined) this.#first = operation;
    else this.#last.after = operation;
    this.#last = operation;
  }

  #remove(operation: QuickOperation, isAnswered: boolean): void {
    this.#ports.router.over(operation);
    operation.left?.(isAnswered);
    const { before, after, onAbort } = operation;
    if (before === undefined) this.#first = after;
    else before.after = after;
    if (after === undefined) this.#last = before;
    else after.before = before;
    operation.before = undefined;
    operation.after = undefined;
    if (onAbort !== undefined) {
      operation.bounds.signal?.removeEventListener('abort', onAbort);
      operation.onAbort = undefined;
    }
  }

  /**
   * One timer, for the earliest end known. With time-outs alike it is set once in a while, not once for each; and it stays when
   * none is under way, so that one operation after the other does not set one each.
   */
  #sweepBy(atMs: number, nowMs: number): void {
    if (atMs >= this.#sweepAtMs) return;
    const soonestMs = this.#sweptAtMs + deadlineSweepMsMin;
    this.#cancelSweep?.();
    this.#sweepAtMs = Math.max(atMs, soonestMs);
    this.#cancelSweep = this.#ports.timers.after(Math.max(0, this.#sweepAtMs - nowMs), this.#sweep);
  }

  readonly #sweep = (): void => {
    this.#cancelSweep = undefined;
    this.#sweepAtMs = Infinity;
    const nowMs = this.#ports.clock.monotonicMs();
    this.#sweptAtMs = nowMs;
    let nextMs = Infinity;
    let operation = this.#first;
    while (operation !== undefined) {
      const { after } = operation;
      if (operation.attemptEndsAtMs <= nowMs) operation.expired();
      else nextMs = Math.min(nextMs, operation.attemptEndsAtMs);
      operation = after;
    }
    if (nextMs < Infinity) this.#sweepBy(nextMs, nowMs);
  };
}
