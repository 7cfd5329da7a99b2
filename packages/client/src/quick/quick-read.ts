import type { GetRequest, GetResponse, OperationResult } from '@kv/proto';

import type { FailedAttempt } from '../attempts/attempts.js';
import type { OperationScope } from '../attempts/operation-scope.js';
import type { ServerTime } from '../attempts/server-time.js';
import { answered } from '../operations/entry.js';
import { type ReadPorts, runRead } from '../operations/read.js';
import type { Contact } from '../attempts/endpoint-pool.js';
import type { HedgedRead, Hedges } from '../hedging/hedges.js';
import { ask } from '../sending/ask.js';
import { ReadCopy } from './read-copy.js';
import { type Bounds, QuickOperation } from './quick-operation.js';

export type QuickReadPorts = ReadPorts & { readonly serverTime: ServerTime; readonly hedges: Hedges };

/** What the reads of a client have in common. */
export interface QuickReadTerms<T> {
  readonly ports: QuickReadPorts;
  /** What the caller gets. @throws KvError */
  readonly decode: (response: GetResponse) => T;
}

export class QuickRead<T> extends QuickOperation<T, GetResponse> implements HedgedRead {
  readonly name = 'get';
  readonly outcomeOfNothing = undefined;
  readonly #terms: QuickReadTerms<T>;
  watchedAt = -1;
  #isSent = false;
  #copy: ReadCopy | undefined;

  constructor(request: GetRequest, bounds: Bounds, terms: QuickReadTerms<T>) {
    super(request.key, 0, bounds);
    this.get = request;
    this.#terms = terms;
  }

  async runSlowly(scope: OperationScope, first: FailedAttempt | undefined): Promise<T> {
    const { ports, decode } = this.#terms;
    const request = this.get!;
    const response = await runRead(
      async ({ lane }, call) => answered((await ask(lane, { get: request }, call)).get),
      scope,
      ports,
      first,
    );
    ports.serverTime.observe(response.serverTime);
    return decode(response);
  }

  /** Asks another owner as well; whichever answers first counts. */
  hedge(contact: Contact): void {
    const copy = new ReadCopy(this, contact);
    this.#copy = copy;
    contact.lane.submit(copy);
  }

  /** The other owner answered first. */
  answeredBy(copy: ReadCopy, result: OperationResult, nowMs: number): void {
    if (this.#copy !== copy) return;
    this.#copy = undefined;
    this.contact?.lane.withdraw(this);
    this.arrived(result, nowMs);
  }

  override left(isAnswered: boolean): void {
    const copy = this.#copy;
    this.#copy = undefined;
    copy?.contact.lane.withdraw(copy);
    if (this.#isSent) this.#terms.ports.hedges.over(this, isAnswered);
    this.#isSent = false;
  }

  protected prepare(): boolean {
    this.#isSent = true;
    this.#terms.ports.hedges.watch(this);
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
}
