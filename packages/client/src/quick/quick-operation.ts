/**
 * An operation on the quick way: one object, which is the message that travels, an entry of the list by which deadlines
 * are found, and all that is known if the attempt fails. No timer, no signal of its own, no scope. It makes one attempt.
 * Whatever that meets but success leads to the slow way, where `runAttempts` goes on as if it had made the first.
 */
import { KvError, type Outcome, toKvError } from '@kv/errors';
import {
  type DeleteRequest,
  type GetRequest,
  kvErrorFromMessage,
  type OperationResult,
  type PutRequest,
  type ReplicaReadRequest,
  type ReplicaWriteRequest,
  type TicketRequest,
} from '@kv/proto';

import { failedAt } from '../attempts/attempt-failure.js';
import type { FailedAttempt } from '../attempts/attempts.js';
import type { Contact } from '../attempts/endpoint-pool.js';
import type { OperationScope } from '../attempts/operation-scope.js';
import { operationOverheadBytes } from '../limits.js';
import type { Routed } from '../routing/router.js';
import type { Batch, Passenger } from '../sending/passenger.js';
import type { QuickWay } from './quick-way.js';

/** Who waits for it. `place` tells apart what waits for many. */
export interface Waiter<T> {
  readonly resolve: (value: T, place: number) => void;
  readonly reject: (reason: unknown, place: number) => void;
}

/** Of the whole operation. */
export interface Bounds {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

export abstract class QuickOperation<T = unknown, R = unknown> implements Passenger, Routed {
  id = 0;
  /** As the node is told. */
  timeoutMs = 0;
  get: GetRequest | undefined = undefined;
  put: PutRequest | undefined = undefined;
  delete: DeleteRequest | undefined = undefined;
  ticket: TicketRequest | undefined = undefined;
  replicaRead: ReplicaReadRequest | undefined = undefined;
  replicaWrite: ReplicaWriteRequest | undefined = undefined;
  batch: Batch | undefined = undefined;
  index = 0;
  isWithdrawn = false;

  readonly key: Buffer;
  readonly bytes: number;
  readonly bounds: Bounds;
  onAbort: (() => void) | undefined = undefined;
  /** Of `never`: operations of all results are in one list. */
  #resolve: Waiter<never>['resolve'] = noWaiter;
  #reject: Waiter<never>['reject'] = noWaiter;
  #place = 0;

  /** The router's. */
  slot = -1;

  /** By the monotonic clock. */
  beganAtMs = 0;
  endsAtMs = 0;
  /** Of the attempt: earlier, where another may follow. */
  attemptEndsAtMs = 0;
  contact: Contact | undefined = undefined;
  way: QuickWay | undefined = undefined;
  /** Neighbours in the list of those under way. */
  before: QuickOperation | undefined = undefined;
  after: QuickOperation | undefined = undefined;

  constructor(key: Buffer, valueBytes: number, bounds: Bounds) {
    this.key = key;
    this.bytes = operationOverheadBytes + key.length + valueBytes;
    this.bounds = bounds;
  }

  /** Before it begins. */
  awaitedBy({ resolve, reject }: Waiter<T>, place: number): void {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#place = place;
  }

  resolve(value: T): void {
    this.#resolve(value as never, this.#place);
  }

  reject(reason: unknown): void {
    this.#reject(reason, this.#place);
  }

  /** `get`, `put` or `delete`. */
  abstract readonly name: string;
  /** Goes on with attempts, after the one that failed or from the first. */
  abstract runSlowly(scope: OperationScope, first: FailedAttempt | undefined): Promise<T>;
  /** Fills in what its message says; false if an attempt cannot begin now. */
  protected abstract prepare(nowMs: number): boolean;
  /** What was tried in vain before an attempt that cannot begin now. */
  protected failedBefore(): FailedAttempt | undefined {
    return undefined;
  }

  /** The response; undefined if there is more to do, and it was submitted again. @throws KvError if it is none */
  protected abstract take(result: OperationResult, nowMs: number): R | undefined;
  /** What its caller gets. @throws KvError */
  protected abstract decode(response: R): T;
  /** Of a failure: what may have happened. Undefined for what writes nothing. */
  protected abstract outcomeOf(error: KvError, hasLeft: boolean): Outcome | undefined;
  /** The attempt is over, and it is not known what became of it. */
  protected abstract abandoned(): void;
  /** What a write is when nothing of it may have happened. */
  abstract readonly outcomeOfNothing: Outcome | undefined;

  get isWrite(): boolean {
    return this.outcomeOfNothing !== undefined;
  }

  leaves(nowMs: number): boolean {
    this.timeoutMs = Math.max(1, Math.ceil(this.attemptEndsAtMs - nowMs));
    if (this.prepare(nowMs)) return true;
    this.way?.continueSlowly(this, this.failedBefore());
    return false;
  }

  arrived(result: OperationResult, nowMs: number): void {
    if (result.error !== undefined) {
      this.failed(kvErrorFromMessage(result.error));
      return;
    }
    let response: R | undefined;
    try {
      response = this.take(result, nowMs);
    } catch (error) {
      this.failed(toKvError(error));
      return;
    }
    if (response !== undefined) this.complete(response);
  }

  failed(error: KvError): void {
    this.#fail(error, true);
  }

  /** It is over, and has succeeded if the response is worth anything. */
  protected complete(response: R): void {
    let value: T;
    try {
      value = this.decode(response);
    } catch (error) {
      this.way?.settle(this, error);
      this.reject(error);
      return;
    }
    this.way?.settle(this, undefined);
    this.resolve(value);
  }

  /** As another request, whatever became of the one before. */
  protected sendAgain(nowMs: number): void {
    this.contact!.lane.withdraw(this);
    this.isWithdrawn = false;
    this.way!.send(this, this.contact!, nowMs);
  }

  /** It is not on the quick way any more. */
  left?(isAnswered: boolean): void;

  /** Its time is over, or half of it. */
  expired(): void {
    const hasLeft = this.batch !== undefined;
    this.contact!.lane.withdraw(this);
    const timeoutMs = Math.round(this.attemptEndsAtMs - this.beganAtMs);
    this.#fail(new KvError('timeout', `no answer within ${timeoutMs} ms`), hasLeft);
  }

  /** Nobody waits for it any more. @returns whether it may yet have an effect */
  givenUp(): boolean {
    const hasLeft = this.batch !== undefined;
    this.contact?.lane.withdraw(this);
    const isUnknown = this.outcomeOf(new KvError('timeout', ''), hasLeft) === 'unknown';
    if (isUnknown) this.abandoned();
    return isUnknown;
  }

  #fail(error: KvError, hasLeft: boolean): void {
    const contact = this.contact!;
    const outcome = this.outcomeOf(error, hasLeft);
    if (outcome === 'unknown') this.abandoned();
    this.way?.continueSlowly(this, { contact, failure: failedAt(contact, error, outcome) });
  }
}

function noWaiter(): void {
  // It has not begun.
}

/** Refused whatever it asked for: a coordinator there would be, too. */
export function isAtTheDoor({ code }: { readonly code?: string }): boolean {
  return code === 'overloaded' || code === 'closed';
}
