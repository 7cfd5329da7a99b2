import type { ConsistencyLevel, GetResponse, OperationResult } from '@kv/proto';

import type { FailedAttempt } from '../attempts/attempts.js';
import type { OperationScope } from '../attempts/operation-scope.js';
import type { ServerTime } from '../attempts/server-time.js';
import { answered } from '../operations/entry.js';
import { type ReadPorts, runRead } from '../operations/read.js';
import { ask } from '../sending/ask.js';
import { QuickOperation, type QuickOptions } from './quick-operation.js';

export interface QuickReadOptions<T> extends QuickOptions<T> {
  /** As messages name it. */
  readonly consistency: ConsistencyLevel;
  /** What the caller gets. @throws KvError */
  readonly decode: (response: GetResponse) => T;
}

export type QuickReadPorts = ReadPorts & { readonly serverTime: ServerTime };

export class QuickRead<T> extends QuickOperation<T, GetResponse> {
  readonly name = 'get';
  readonly outcomeOfNothing = undefined;
  readonly #decode: (response: GetResponse) => T;
  readonly #ports: QuickReadPorts;

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

  protected prepare(): boolean {
    return true;
  }

  protected take({ get }: OperationResult): GetResponse {
    const response = answered(get);
    this.#ports.serverTime.observe(response.serverTime);
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
