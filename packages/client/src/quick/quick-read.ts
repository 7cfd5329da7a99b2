import type { ConsistencyLevel, GetResponse, OperationResult } from '@kv/proto';

import type { FailedAttempt } from '../attempts/attempts.js';
import type { OperationScope } from '../attempts/operation-scope.js';
import type { ServerTime } from '../attempts/server-time.js';
import { answered } from '../operations/entry.js';
import { type ReadPorts, runRead } from '../operations/read.js';
import type { Contact } from '../attempts/endpoint-pool.js';
import type { HedgedRead, Hedges } from '../hedging/hedges.js';
import { ask } from '../sending/ask.js';
import { ReadCopy } from './read-copy.js';
import { QuickOperation, type QuickOptions } from './quick-operation.js';

export interface QuickReadOptions<T> extends QuickOptions<T> {
  /** As messages name it. */
  readonly consistency: ConsistencyLevel;
  /** What the caller gets. @throws KvError */
  readonly decode: (response: GetResponse) => T;
}

export type QuickReadPorts = ReadPorts & { readonly serverTime: ServerTime; readonly hedges: Hedges };

export class QuickRead<T> extends QuickOperation<T, GetResponse> implements HedgedRead {
  readonly name = 'get';
  readonly outcomeOfNothing = undefined;
  readonly #decode: (response: GetResponse) => T;
  readonly #ports: QuickReadPorts;
  #isWatched = false;
  #copy: ReadCopy | undefined;

  constructor(options: QuickReadOptions<T>, ports: QuickReadPorts) {
    super(options);
    this.get = { key: options.key, consistency: options.consistency };
    this.#decode = options.decode;
    this.#ports = ports;
  }

  async runSlowly(scope: OperationScope, first: FailedAttempt | undefined): Promise<T> {
    const request = this.get!;
    const response = await runRead(
      async ({ lane }, call) => answered((await ask(lane, { get: request }, call)).get),
      scope,
      this.#ports,
      first,
    );
    this.#ports.serverTime.observe(response.serverTime);
    return this.#decode(response);
  }

  get isUnderWay(): boolean {
    return this.#isWatched;
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
    if (this.#isWatched) this.#ports.hedges.over(this, isAnswered);
    this.#isWatched = false;
  }

  protected prepare(): boolean {
    this.#isWatched = true;
    this.#ports.hedges.watch(this);
    return true;
  }

  protected take({ get }: OperationResult, nowMs: number): GetResponse {
    const response = answered(get);
    this.#ports.serverTime.observe(response.serverTime, nowMs);
    return response;
  }

  protected decode(response: GetResponse): T {
    return this.#decode(response);
  }

  protected outcomeOf(): undefined {
    return undefined;
  }

  protected abandoned(): void {
    // Reading leaves nothing behind.
  }
}
