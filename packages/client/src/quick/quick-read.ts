import {
  ConsistencyLevel,
  type GetRequest,
  type GetResponse,
  type OperationResult,
  type ReplicaReadRequest,
} from '@kv/proto';

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
import { Comparison } from './comparison.js';
import { type Bounds, QuickOperation } from './quick-operation.js';
import { type CopiedRead, ReadCopy } from './read-copy.js';

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
export class QuickRead<T> extends QuickOperation<T, GetResponse> implements HedgedRead, CopiedRead {
  readonly name = 'get';
  readonly outcomeOfNothing = undefined;
  readonly #request: GetRequest;
  readonly #terms: QuickReadTerms<T>;
  watchedAt = -1;
  #isSent = false;
  /** While two owners are asked for what their own copies show. */
  #comparison: Comparison | undefined;
  #hedge: ReadCopy | undefined;

  constructor(request: GetRequest, bounds: Bounds, terms: QuickReadTerms<T>) {
    super(request.key, 0, bounds);
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
    if (comparison === undefined || isAtTheDoor(result)) super.arrived(result, nowMs);
    else if (result.replicaRead === undefined) this.#coordinateInstead(nowMs);
    else if (comparison.heardFirst(result.replicaRead)) this.#compare(comparison, nowMs);
  }

  /** By the other of the two, or by whoever was asked because this takes long. */
  answeredBy(copy: ReadCopy, result: OperationResult, nowMs: number): void {
    const comparison = this.#comparison;
    if (copy === this.#hedge) {
      this.#hedge = undefined;
      this.#endComparison();
      this.contact?.lane.withdraw(this);
      super.arrived(result, nowMs);
    } else if (copy !== comparison?.second) {
      // Nobody waits for it any more.
    } else if (result.replicaRead === undefined) this.#coordinateInstead(nowMs);
    else if (comparison.heardSecond(result.replicaRead)) this.#compare(comparison, nowMs);
  }

  unansweredBy(copy: ReadCopy): void {
    if (copy !== this.#comparison?.second) return;
    const nowMs = this.#terms.ports.clock.monotonicMs();
    copy.contact.lane.doubt(nowMs + laneDoubtMs);
    this.#coordinateInstead(nowMs);
  }

  tookLong(nowMs: number): boolean {
    const comparison = this.#comparison;
    if (comparison === undefined) return false;
    const { isFirstHeard, second } = comparison;
    (isFirstHeard ? second.contact : this.contact!).lane.doubt(nowMs + laneDoubtMs);
    if (isFirstHeard) this.#coordinate(nowMs);
    return isFirstHeard;
  }

  /** Asks another owner as well; whichever answers first counts. */
  hedge(contact: Contact): void {
    this.#hedge = new ReadCopy(this, { get: this.#request, replicaRead: undefined }, contact);
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
    const { hedges, router } = this.#terms.ports;
    this.get = this.#request;
    this.replicaRead = undefined;
    if (this.#isSent) return true;
    this.#isSent = true;
    if (isOfQuorum(this.#request) && hedges.isOn) {
      const companion = router.companion(this, this.contact!, nowMs);
      if (companion !== undefined) this.#begin(companion);
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
  #begin(companion: Contact): void {
    const head: ReplicaReadRequest = new ReplicaReadMessage(this.key, true);
    const second = new ReadCopy(this, { get: undefined, replicaRead: head }, companion);
    this.#comparison = new Comparison(second);
    this.get = undefined;
    this.replicaRead = new ReplicaReadMessage(this.key, false);
    companion.lane.submitPart(second);
  }

  #compare({ response }: Comparison, nowMs: number): void {
    if (response === undefined) {
      this.#coordinateInstead(nowMs);
      return;
    }
    this.#terms.ports.serverTime.observe(response.serverTime, nowMs);
    this.complete(response);
  }

  #coordinateInstead(nowMs: number): void {
    this.#terms.ports.router.comparedInVain();
    this.#coordinate(nowMs);
  }

  /** Two owners alone do not answer it: the first one shall, as a coordinator. */
  #coordinate(nowMs: number): void {
    this.#endComparison();
    this.contact!.lane.withdraw(this);
    this.isWithdrawn = false;
    this.way!.send(this, this.contact!, nowMs);
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

/** Refused whatever it asked for: a coordinator there would be, too. */
function isAtTheDoor({ error }: OperationResult): boolean {
  return error?.code === 'overloaded' || error?.code === 'closed';
}
