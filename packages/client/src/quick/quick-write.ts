import type { KvError, Outcome } from '@kv/errors';
import { plusMs, type Timestamp } from '@kv/hlc';
import {
  ConsistencyLevel,
  type DeleteRequest,
  type DeleteResponse,
  type OperationResult,
  type PutRequest,
  type PutResponse,
} from '@kv/proto';

import type { FailedAttempt } from '../attempts/attempts.js';
import type { OperationScope } from '../attempts/operation-scope.js';
import { attemptMsMin, stampWindowMs } from '../limits.js';
import { answered, versionOf } from '../operations/entry.js';
import { runStore, runTicketedWrite } from '../operations/ticketed-write.js';
import {
  outcomeOf,
  runWrite,
  stampsPerMs,
  type WriteOperation,
  type WritePorts,
} from '../operations/write.js';
import { ask } from '../sending/ask.js';
import { type Bounds, QuickOperation } from './quick-operation.js';

/** Of a put or a delete: bounds of the stamp, and the ticket, are filled in. */
export type WriteRequest = PutRequest | DeleteRequest;

/** What the writes of a client have in common. */
export interface QuickWriteTerms<T> {
  readonly ports: WritePorts;
  /** What the caller gets. @throws KvError */
  readonly decode: (response: PutResponse | DeleteResponse) => T;
}

/** What the stamp has to lie between is settled as it leaves, since the window is narrow (protocol rule 11). */
export class QuickWrite<T> extends QuickOperation<T, PutResponse | DeleteResponse> {
  readonly name: 'put' | 'delete';
  readonly outcomeOfNothing = 'not-applied';
  readonly #request: WriteRequest;
  readonly #terms: QuickWriteTerms<T>;
  #isAsking: boolean;
  /** The latest version that the attempt under way may be given. */
  #ceiling: Timestamp | undefined;

  constructor(request: WriteRequest, bounds: Bounds, terms: QuickWriteTerms<T>) {
    const isPut = 'value' in request;
    super(request.key, isPut ? request.value.length : 0, bounds);
    this.name = isPut ? 'put' : 'delete';
    this.#request = request;
    this.#terms = terms;
    // At linearizable there are two rounds (rule 10), of which the first writes nothing.
    this.#isAsking = request.consistency === ConsistencyLevel.LINEARIZABLE;
    if (!this.#isAsking) this.#carryRequest();
  }

  async runSlowly(scope: OperationScope, first: FailedAttempt | undefined): Promise<T> {
    const operation = this.#slowOperation();
    const { ports, decode } = this.#terms;
    const { consistency, ticket } = this.#request;
    const response = await (consistency !== ConsistencyLevel.LINEARIZABLE
      ? runWrite(operation, scope, ports, this.#boundBy(first))
      : ticket === undefined
        ? runTicketedWrite(operation, scope, ports, first)
        : runStore({ operation, ticket: versionOf(ticket) }, scope, ports, first));
    return decode(response);
  }

  protected prepare(nowMs: number): boolean {
    const { ticket } = this.#request;
    if (ticket !== undefined) return true;
    const { serverTime, ceilings } = this.#terms.ports;
    const now = serverTime.now(nowMs);
    const leftMs = this.endsAtMs - nowMs;
    if (now === undefined || leftMs < Math.min(attemptMsMin, this.bounds.timeoutMs / 10)) return false;
    const stampAbove = ceilings.above(this.key, now);
    const windowMs = Math.max(1, Math.min(stampWindowMs, Math.floor(leftMs)));
    const stampNotAfter = plusMs(now, windowMs);
    // It has to wait, and so that nobody behind it does, it waits elsewhere.
    if (stampAbove + stampsPerMs > stampNotAfter) return false;
    if (this.#isAsking) {
      // A ticket that comes too late is used by nobody, so it needs no latest time.
      this.ticket = { key: this.key, stampAbove, stampNotAfter: 0 };
    } else {
      this.#request.stampAbove = stampAbove;
      this.#request.stampNotAfter = stampNotAfter;
      this.#ceiling = stampNotAfter;
    }
    return true;
  }

  protected take(result: OperationResult, nowMs: number): PutResponse | DeleteResponse | undefined {
    const { serverTime, ceilings } = this.#terms.ports;
    if (this.#isAsking) {
      const response = answered(result.ticket);
      serverTime.observe(response.serverTime, nowMs);
      const ticket = versionOf(response.ticket);
      this.#request.ticket = ticket;
      this.#ceiling = ticket.timestamp;
      this.#isAsking = false;
      this.ticket = undefined;
      this.#carryRequest();
      this.way?.send(this, this.contact!, nowMs);
      return undefined;
    }
    const response = answered(this.name === 'put' ? result.put : result.delete);
    serverTime.observe(response.serverTime, nowMs);
    const { version } = response;
    // One replica's acknowledgement says nothing to the coordinator of the next write, which may not ask that one.
    const { consistency, ticket } = this.#request;
    if (version !== undefined && consistency !== ConsistencyLevel.ONE) {
      ceilings.acknowledged(this.key, (ticket ?? version).timestamp);
    }
    return response;
  }

  protected decode(response: PutResponse | DeleteResponse): T {
    return this.#terms.decode(response);
  }

  protected outcomeOf(error: KvError, hasLeft: boolean): Outcome | undefined {
    if (this.#isAsking) return undefined;
    return hasLeft ? outcomeOf(error) : 'not-applied';
  }

  protected abandoned(): void {
    const { ceilings, serverTime } = this.#terms.ports;
    const now = serverTime.now();
    const ceiling = this.#ceiling;
    if (now !== undefined && ceiling !== undefined) ceilings.abandoned(this.key, { ceiling, now });
  }

  #boundBy(first: FailedAttempt | undefined) {
    if (first === undefined) return undefined;
    return { ...first, ceiling: first.failure.outcome === 'unknown' ? (this.#ceiling ?? 0) : 0 };
  }

  #carryRequest(): void {
    if (this.name === 'put') this.put = this.#request as PutRequest;
    else this.delete = this.#request;
  }

  #slowOperation(): WriteOperation<PutResponse | DeleteResponse> {
    const request = this.#request;
    return {
      key: this.key,
      consistency: request.consistency,
      send: async ({ lane }, terms, call) =>
        this.name === 'put'
          ? answered((await ask(lane, { put: { ...(request as PutRequest), ...terms } }, call)).put)
          : answered((await ask(lane, { delete: { ...request, ...terms } }, call)).delete),
    };
  }
}
