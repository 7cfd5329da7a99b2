import type { ClientConnection, Exchange, ExchangeSink } from '@kv/client';
import { type Operation, type OperationResult, SessionRequest, SessionResponse } from '@kv/proto';

import { asBuffer } from './bytes.js';
import { clientFailure } from './client-failure.js';
import type { ClientTransportPorts } from './client-transport.js';
import type { Connection, OwnCall } from './connection.js';
import { requestOf, responseOf, sessionPath } from './serve-session.js';

export interface Ways {
  readonly connection: Connection;
  readonly onRequest: ClientTransportPorts['onRequest'];
  readonly onResponse: ClientTransportPorts['onResponse'];
}

/** Each batch is a call of its own, with as many answers as the node makes of it: what befalls the network befalls single batches. */
export function sessionBatches(ways: Ways): ClientConnection['exchange'] {
  return (operations, sink) => new SimulatedExchange(operations, sink, ways);
}

const noMetadata: ReadonlyMap<string, string> = new Map();

class SimulatedExchange implements Exchange {
  readonly #sink: ExchangeSink;
  readonly #ways: Ways;
  readonly #call: OwnCall;
  /** By place: nobody waits for these any more. */
  readonly #settled = new Set<number>();
  readonly #requests: readonly unknown[];

  constructor(operations: readonly Operation[], sink: ExchangeSink, ways: Ways) {
    this.#sink = sink;
    this.#ways = ways;
    this.#requests = operations.map((operation, index) => {
      operation.id = index;
      const { method, request } = requestOf(operation);
      ways.onRequest?.(method, request);
      return request;
    });
    this.#call = ways.connection.call({
      method: sessionPath,
      request: encoded({ operations: [...operations], cancelled: [] }),
      metadata: noMetadata,
      onReply: (response) => this.#arrived(SessionResponse.decode(asBuffer(response)).results),
      onEnd: () => undefined,
      onFailure: (failure) => sink.onFailure(clientFailure(failure)),
    });
  }

  cancel(index: number): void {
    if (this.#settled.has(index)) return;
    this.#settled.add(index);
    if (this.#settled.size === this.#requests.length) this.#call.cancel();
    else this.#call.tell(encoded({ operations: [], cancelled: [index] }));
  }

  #arrived(results: readonly OperationResult[]): void {
    for (const result of results) {
      if (this.#settled.has(result.id)) continue;
      this.#settled.add(result.id);
      const answer = responseOf(result);
      if (answer !== undefined) {
        this.#ways.onResponse?.(answer.method, answer.response, this.#requests[result.id]);
      }
      this.#sink.onResult(result.id, result);
    }
    this.#sink.onResultsEnd();
  }
}

function encoded(request: SessionRequest): Uint8Array {
  return SessionRequest.encode(request).finish();
}
