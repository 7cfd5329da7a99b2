import { ConsistencyLevel, type GetRequest, type GetResponse, type OperationResult } from '@kv/proto';

import type { Contact } from '../attempts/endpoint-pool.js';
import type { FailedAttempt } from '../attempts/attempts.js';
import type { OperationScope } from '../attempts/operation-scope.js';
import type { ServerTime } from '../attempts/server-time.js';
import type { HedgedRead, Hedges } from '../hedging/hedges.js';
import { laneDoubtMs } from '../limits.js';
import { answered } from '../operations/entry.js';
import { ReplicaReadMessage } from '../operations/messages.js';
import { type ReadPorts, runRead } from '../operations/read.js';
import type { Router } from '../routing/router.js';
import { ask } from '../sending/ask.js';
import { Comparison, type Verdict } from './comparison.js';
import { type Divided, Part } from './part.js';
import { type Bounds, isAtTheDoor, QuickOperation } from './quick-operation.js';

export type QuickReadPorts = ReadPorts & {
  readonly serverTime: ServerTime;
  readonly hedges: Hedges;
  readonly router: Pick<Router, 'companion' | 'comparedInVain'>;
};

/** What the reads of a client have in common. */
export interface QuickReadTerms<T> {
  readonly ports: QuickReadPorts;
  /** What the caller gets. @throws KvError */
  readonly decode: (response: GetResponse) => T;
}

/**
 * A read goes to one owner of its key, which coordinates it; or, where two owners are likely to show the same, to two, whose
 * answers are compared here. If that comes to nothing, the first of them coordinates.
 */
export class QuickRead<T> extends QuickOperation<T, GetResponse> implements HedgedRead, Divided {
  readonly name = 'get';
  readonly outcomeOfNothing = undefined;
  readonly #request: GetRequest;
  readonly #terms: QuickReadTerms<T>;
  watchedAt = -1;
  #isSent = false;
  /** While two owners are asked for what their own copies show. */
  #comparison: Comparison | undefined;
  #hedge: Part | undefined;

  constructor(request: GetRequest, bounds: Bounds, terms: QuickReadTerms<T>) {
    super(request.key, 0, bounds);
    this.get = request;
    this.#request = request;
    this.#terms = terms;
  }

  async runSlowly(scope: OperationScope, first: FailedAttempt | undefined): Promise<T> {
    const { ports, decode } = this.#terms;
    const response = await runRead(
      async ({ lane }, call) => answered((await ask(lane, { get: this.#request }, call)).get),
      scope,
      ports,
      first,
    );
    ports.serverTime.observe(response.serverTime);
    return decode(response);
  }

  get isCompared(): boolean {
    return this.#comparison !== undefined;
  }

  override arrived(result: OperationResult, nowMs: number): void {
    const comparison = this.#comparison;
    if (comparison === undefined || isAtTheDoor(result.error ?? {})) super.arrived(result, nowMs);
    else if (result.replicaRead === undefined) this.#coordinateInstead(nowMs);
    else this.#conclude(comparison.heardFirst(result.replicaRead), comparison, nowMs);
  }

  answeredBy(part: Part, result: OperationResult, nowMs: number): void {
    const comparison = this.#comparison;
    if (part === this.#hedge) this.#answeredByHedge(result, nowMs);
    else if (part !== comparison?.second) return;
    else if (result.replicaRead === undefined) this.#coordinateInstead(nowMs);
    else this.#conclude(comparison.heardSecond(result.replicaRead), comparison, nowMs);
  }

  lostBy(part: Part): void {
    if (part !== this.#comparison?.second) return;
    const nowMs = this.#terms.ports.clock.monotonicMs();
    part.contact.lane.doubt(nowMs + laneDoubtMs);
    this.#coordinateInstead(nowMs);
  }

  tookLong(nowMs: number): boolean {
    const comparison = this.#comparison;
    if (comparison === undefined) return false;
    comparison.isLate = true;
    if (comparison.isFirstHeard) this.#doWithoutSecond(comparison, nowMs);
    else this.contact!.lane.doubt(nowMs + laneDoubtMs);
    return comparison.isFirstHeard;
  }

  /** Asks another owner as well; whichever answers first counts. */
  hedge(contact: Contact): void {
    this.#hedge = new Part(this, { get: this.#request }, contact);
    contact.lane.submit(this.#hedge);
  }

  override left(isAnswered: boolean): void {
    this.#endComparison();
    this.#hedge?.withdraw();
    this.#hedge = undefined;
    if (this.#isSent) this.#terms.ports.hedges.over(this, isAnswered);
    this.#isSent = false;
  }

  protected prepare(nowMs: number): boolean {
    // Compared in vain, it leaves a second time.
    if (this.#isSent) return true;
    const { hedges, router } = this.#terms.ports;
    this.#isSent = true;
    if (isOfQuorum(this.#request)) {
      const companion = router.companion(this, this.contact!, nowMs);
      if (companion !== undefined) this.#compareWith(companion);
    }
    hedges.watch(this);
    return true;
  }

  protected take({ get }: OperationResult, nowMs: number): GetResponse {
    const response = answered(get);
    this.#terms.ports.serverTime.observe(response.serverTime, nowMs);
    return response;
  }

  protected decode(response: GetResponse): T {
    return this.#terms.decode(response);
  }

  protected outcomeOf(): undefined {
    return undefined;
  }

  protected abandoned(): void {
    // Reading leaves nothing behind.
  }

  /** Asks two owners, the one to which this is on its way for the value. */
  #compareWith(companion: Contact): void {
    const head = new ReplicaReadMessage(this.key, true);
    const second = new Part(this, { replicaRead: head }, companion);
    this.#comparison = new Comparison(second);
    this.get = undefined;
    this.replicaRead = new ReplicaReadMessage(this.key, false);
    companion.lane.submitPart(second);
  }

  #conclude(verdict: Verdict, comparison: Comparison, nowMs: number): void {
    if (verdict === 'no-quorum') this.#coordinateInstead(nowMs);
    else if (verdict !== undefined) {
      this.#terms.ports.serverTime.observe(verdict.serverTime, nowMs);
      this.complete(verdict);
    } else if (comparison.isLate && comparison.isFirstHeard) this.#doWithoutSecond(comparison, nowMs);
  }

  /** Of a hedge only a good answer matters: the read itself is still under way. */
  #answeredByHedge(result: OperationResult, nowMs: number): void {
    if (result.error !== undefined) return;
    this.#hedge = undefined;
    this.#endComparison();
    this.contact?.lane.withdraw(this);
    super.arrived(result, nowMs);
  }

  /** It should have answered long ago, and the first has. */
  #doWithoutSecond({ second }: Comparison, nowMs: number): void {
    second.contact.lane.doubt(nowMs + laneDoubtMs);
    this.#coordinate(nowMs);
  }

  #coordinateInstead(nowMs: number): void {
    this.#terms.ports.router.comparedInVain();
    this.#coordinate(nowMs);
  }

  /** Two owners alone do not answer it: the first one shall, as a coordinator. */
  #coordinate(nowMs: number): void {
    this.#endComparison();
    this.get = this.#request;
    this.replicaRead = undefined;
    this.sendAgain(nowMs);
  }

  #endComparison(): void {
    const comparison = this.#comparison;
    this.#comparison = undefined;
    comparison?.second.withdraw();
  }
}

/** At LINEARIZABLE a read is one at QUORUM. */
function isOfQuorum({ consistency }: GetRequest): boolean {
  return consistency === ConsistencyLevel.QUORUM || consistency === ConsistencyLevel.LINEARIZABLE;
}
