import type { KvError } from '@kv/errors';
import type { Operation, OperationResult } from '@kv/proto';

import type { SessionStream } from './session-stream.adapter.js';
import type { Exchange, ExchangeSink } from './transport.js';

/** Operations that travel as one message, and who waits for them. */
export class Batch implements Exchange {
  readonly operations: readonly Operation[];
  readonly sink: ExchangeSink;
  /** On which it was sent, and its id there. */
  stream: SessionStream | undefined;
  id = 0;
  /** Neither answered nor cancelled. */
  remaining: number;
  cancelledBefore = 0;
  readonly #isSettled: Uint8Array;

  constructor(operations: readonly Operation[], sink: ExchangeSink) {
    this.operations = operations;
    this.sink = sink;
    this.remaining = operations.length;
    this.#isSettled = new Uint8Array(operations.length);
  }

  waitsFor(index: number): boolean {
    return this.#isSettled[index] === 0;
  }

  /** Whether it was the last. */
  answer(index: number, result: OperationResult): boolean {
    if (this.#isSettled[index] !== 0) return false;
    this.#isSettled[index] = 1;
    this.remaining -= 1;
    this.sink.onResult(index, result);
    return this.remaining === 0;
  }

  fail(error: KvError): void {
    if (this.remaining === 0) return;
    this.remaining = 0;
    this.sink.onFailure(error);
  }

  cancel(index: number): void {
    if (this.#isSettled[index] !== 0) return;
    this.#isSettled[index] = 1;
    this.remaining -= 1;
    if (this.stream === undefined) this.cancelledBefore += 1;
    else this.stream.cancel(this, index);
  }
}
