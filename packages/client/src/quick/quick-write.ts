import { KvError, type Outcome } from '@kv/errors';
import { plusMs, type Timestamp } from '@kv/hlc';
import {
  ConsistencyLevel,
  type DeleteRequest,
  type DeleteResponse,
  kvErrorFromMessage,
  type OperationResult,
  type PutRequest,
  type PutResponse,
} from '@kv/proto';

import { failedAt } from '../attempts/attempt-failure.js';
import type { FailedAttempt } from '../attempts/attempts.js';
import type { OperationScope } from '../attempts/operation-scope.js';
import {
  attemptMsMin,
  laneDoubtMs,
  stampWindowMs,
  twinStoreBytesMax,
  twinStorePatienceMs,
} from '../limits.js';
import { answered, noAnswer, versionOf } from '../operations/entry.js';
import { ReplicaWriteMessage } from '../operations/messages.js';
import { runStore, runTicketedWrite } from '../operations/ticketed-write.js';
import {
  outcomeOf,
  runWrite,
  stampsPerMs,
  type WriteOperation,
  type WritePorts,
} from '../operations/write.js';
import type { Router } from '../routing/router.js';
import { ask } from '../sending/ask.js';
import { type Divided, Part } from './part.js';
import { type Bounds, isAtTheDoor, QuickOperation } from './quick-operation.js';
import type { ReservedVersions } from './reserved-versions.js';
import { type StoreVerdict, TwinStore } from './twin-store.js';

/** Of a put or a delete: bounds of the stamp, and the ticket, are filled in. */
export type WriteRequest = PutRequest | DeleteRequest;

export type QuickWritePorts = WritePorts & {
  readonly reserved: ReservedVersions;
  readonly router: Pick<Router, 'twin' | 'memberOf' | 'storedByTwo' | 'storedInVain'>;
};

/** What the writes of a client have in common. */
export interface QuickWriteTerms<T> {
  readonly ports: QuickWritePorts;
  /** What the caller gets. @throws KvError */
  readonly decode: (response: PutResponse | DeleteResponse) => T;
}

/**
 * A write goes to one owner of its key, which coordinates it. What its stamp has to lie between is settled as it leaves, since the
 * window is narrow (protocol rule 11). Or it goes to two, as a version that was reserved before; if that comes to nothing, the
 * first of them coordinates.
 */
export class QuickWrite<T> extends QuickOperation<T, PutResponse | DeleteResponse> implements Divided {
  readonly name: 'put' | 'delete';
  readonly outcomeOfNothing = 'not-applied';
  readonly #request: WriteRequest;
  readonly #terms: QuickWriteTerms<T>;
  #isAsking: boolean;
  /** The latest version that the attempt under way may be given. */
  #ceiling: Timestamp | undefined;
  /** While two owners are given it. */
  #twins: TwinStore | undefined;
  /** The version as which it was given to two owners, in vain: what it is stored as must be above it. */
  #floor = 0;
  /** Of these two, those that may have stored it. */
  #traces = 0;
  /** Why the first of them shall not be asked again. */
  #firstFailure: KvError | undefined;

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

  override arrived(result: OperationResult, nowMs: number): void {
    const twins = this.#twins;
    if (twins === undefined) {
      super.arrived(result, nowMs);
      return;
    }
    const { replicaWrite } = result;
    if (replicaWrite === undefined) {
      const error = this.#refusedWith(result);
      if (isAtTheDoor(error)) this.#firstFailure = error;
    } else this.#terms.ports.reserved.keep(replicaWrite.reserved, nowMs);
    this.#conclude(twins.heardFirst(replicaWrite), nowMs);
  }

  override failed(error: KvError): void {
    const twins = this.#twins;
    if (twins === undefined) {
      super.failed(error);
      return;
    }
    this.#noteTrace(error);
    this.#firstFailure = error;
    this.#conclude(twins.heardFirst(undefined), this.#terms.ports.clock.monotonicMs());
  }

  answeredBy(part: Part, result: OperationResult, nowMs: number): void {
    const twins = this.#twins;
    if (part !== twins?.second) return;
    if (result.replicaWrite === undefined) this.#refusedWith(result);
    this.#conclude(twins.heardSecond(result.replicaWrite), nowMs);
  }

  lostBy(part: Part, error: KvError): void {
    const twins = this.#twins;
    if (part !== twins?.second) return;
    const nowMs = this.#terms.ports.clock.monotonicMs();
    part.contact.lane.doubt(nowMs + laneDoubtMs);
    this.#noteTrace(error);
    this.#conclude(twins.heardSecond(undefined), nowMs);
  }

  override expired(): void {
    const twins = this.#twins;
    const nowMs = this.#terms.ports.clock.monotonicMs();
    if (twins === undefined || nowMs >= this.endsAtMs) {
      super.expired();
      return;
    }
    const untilMs = nowMs + laneDoubtMs;
    if (this.batch !== undefined) this.contact!.lane.doubt(untilMs);
    if (twins.second.isUnderWay) twins.second.contact.lane.doubt(untilMs);
    this.#coordinateInstead(twins, nowMs);
  }

  override left(): void {
    this.#endTwins();
  }

  protected prepare(nowMs: number): boolean {
    const { ticket } = this.#request;
    if (ticket !== undefined) return true;
    const { serverTime, ceilings } = this.#terms.ports;
    const now = serverTime.now(nowMs);
    const leftMs = this.endsAtMs - nowMs;
    if (now === undefined || leftMs < Math.min(attemptMsMin, this.bounds.timeoutMs / 10)) return false;
    const stampAbove = Math.max(this.#floor, ceilings.above(this.key, now));
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
      if (this.#floor === 0 && this.#mayBeDivided()) this.#divide(stampAbove, nowMs);
    }
    return true;
  }

  protected override failedBefore(): FailedAttempt | undefined {
    if (this.#traces === 0) return undefined;
    this.abandoned();
    const error = new KvError(
      'timeout',
      'two owners were given it, and did not both say that they stored it',
    );
    return { contact: undefined, failure: failedAt(this.contact!, error, 'unknown') };
  }

  protected take(result: OperationResult, nowMs: number): PutResponse | DeleteResponse | undefined {
    const { serverTime, ceilings, reserved } = this.#terms.ports;
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
    reserved.keep(response.reserved, nowMs);
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
    if (this.#traces > 0) return 'unknown';
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

  #mayBeDivided(): boolean {
    const { consistency } = this.#request;
    const ttlMs = 'ttlMs' in this.#request ? this.#request.ttlMs : 0;
    return consistency === ConsistencyLevel.QUORUM && ttlMs === 0 && this.bytes <= twinStoreBytesMax;
  }

  /** Gives it to two owners, if there is a version for it; else one is wanted, for the next. */
  #divide(stampAbove: number, nowMs: number): void {
    const { ceilings, reserved, router } = this.#terms.ports;
    const twin = router.twin(this, this.contact!, nowMs);
    if (twin === undefined) return;
    const version = reserved.take(Math.max(stampAbove, ceilings.forgotten), nowMs);
    if (version === undefined) {
      this.#request.reserve = true;
      return;
    }
    const value = 'value' in this.#request ? this.#request.value : undefined;
    const copy = new ReplicaWriteMessage(this.#request, value, version, false, 0);
    const second = new Part(this, { replicaWrite: copy }, twin);
    this.#twins = new TwinStore(version, second);
    this.#floor = version.timestamp;
    this.#ceiling = version.timestamp as Timestamp;
    this.#traces = 2;
    this.put = undefined;
    this.delete = undefined;
    const member = router.memberOf(twin);
    this.replicaWrite = new ReplicaWriteMessage(this.#request, value, version, true, member);
    twin.lane.submitPart(second);
    this.way!.hurry(this, twinStorePatienceMs, nowMs);
  }

  #conclude(verdict: StoreVerdict, nowMs: number): void {
    if (verdict === 'no-quorum') this.#coordinateInstead(this.#twins!, nowMs);
    else if (verdict !== undefined) {
      const { serverTime, ceilings, router } = this.#terms.ports;
      const { slot } = this;
      serverTime.observe(verdict.serverTime, nowMs);
      ceilings.acknowledged(this.key, this.#floor);
      this.complete(verdict);
      router.storedByTwo(slot, nowMs);
    }
  }

  #refusedWith({ error }: OperationResult): KvError {
    const refusal = error === undefined ? noAnswer() : kvErrorFromMessage(error);
    this.#noteTrace(refusal);
    return refusal;
  }

  /** Of one of the two: whether it may have stored it. */
  #noteTrace(error: KvError): void {
    if (outcomeOf(error) === 'not-applied') this.#traces -= 1;
  }

  /** Two owners alone do not store it: one of them shall see to it, as a coordinator, the first unless only the second answers. */
  #coordinateInstead({ isFirstHeard, isSecondHeard, second }: TwinStore, nowMs: number): void {
    this.#terms.ports.router.storedInVain();
    this.#endTwins();
    if (this.#firstFailure !== undefined) {
      super.failed(this.#firstFailure);
      return;
    }
    if (!isFirstHeard && isSecondHeard) {
      this.contact!.lane.withdraw(this);
      this.contact = second.contact;
    }
    this.replicaWrite = undefined;
    this.#request.reserve = true;
    this.#carryRequest();
    this.sendAgain(nowMs);
  }

  #endTwins(): void {
    const twins = this.#twins;
    this.#twins = undefined;
    twins?.second.withdraw();
  }

  #carryRequest(): void {
    if (this.name === 'put') this.put = this.#request as PutRequest;
    else this.delete = this.#request;
  }

  #slowOperation(): WriteOperation<PutResponse | DeleteResponse> {
    const request = this.#request;
    const own = { reserve: false };
    return {
      key: this.key,
      consistency: request.consistency,
      send: async ({ lane }, terms, call) =>
        this.name === 'put'
          ? answered((await ask(lane, { put: { ...(request as PutRequest), ...own, ...terms } }, call)).put)
          : answered((await ask(lane, { delete: { ...request, ...own, ...terms } }, call)).delete),
    };
  }
}
