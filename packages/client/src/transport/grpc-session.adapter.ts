/**
 * All batches to one node over one stream, which is opened when it is first needed.
 *
 * It speaks HTTP/2 itself: at a few microseconds an operation, a gRPC library would be most of the cost.
 */
import { KvError } from '@kv/errors';
import type { Operation } from '@kv/proto';
import { Connection, type ConnectionLimits } from '@kv/streams';

import {
  connectAttemptMs,
  connectPatienceMs,
  keepAliveMs,
  keepAliveTimeoutMs,
  sessionBackoffMs,
  sessionWindowBytes,
} from '../limits.js';
import { Batch } from './session-batch.js';
import { SessionStream } from './session-stream.adapter.js';
import { systemTimers } from './system.adapter.js';
import type { Exchange, ExchangeSink } from './transport.js';

const connectionLimits: ConnectionLimits = {
  windowBytes: sessionWindowBytes,
  patienceMs: connectPatienceMs,
  attemptMs: connectAttemptMs,
  keepAliveMs,
  keepAliveTimeoutMs,
};

export class GrpcSession {
  readonly #connection: Connection;
  #stream: SessionStream | undefined;
  #isOpening = false;
  #retryAtMs = 0;
  /** For the stream that is being opened. */
  #waiting: Batch[] = [];

  constructor(endpoint: { readonly host: string; readonly port: number }) {
    this.#connection = new Connection(endpoint, connectionLimits, { timers: systemTimers() });
  }

  exchange(operations: readonly Operation[], sink: ExchangeSink): Exchange {
    const batch = new Batch(operations, sink);
    // One whose connection is lost would take the batch, and nobody could tell whether it left.
    if (this.#stream?.isOpen === true) {
      this.#stream.send(batch);
    } else {
      this.#waiting.push(batch);
      if (!this.#isOpening) void this.#open();
    }
    return batch;
  }

  close(): void {
    // Its end follows in a later turn; from now on it takes nothing more.
    this.#stream = undefined;
    this.#connection.close();
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      const stream = await this.#opened();
      for (const batch of this.#taken()) stream.send(batch);
    } catch (error) {
      const waiting = this.#taken();
      // Never from within `exchange`.
      await Promise.resolve();
      for (const batch of waiting) batch.fail(error as KvError);
    } finally {
      this.#isOpening = false;
      if (this.#waiting.length > 0) void this.#open();
    }
  }

  /** @throws KvError, not applied */
  async #opened(): Promise<SessionStream> {
    if (performance.now() < this.#retryAtMs) throw notSent('the session broke a moment ago');
    const session = await this.#connection.connected({ timeoutMs: connectPatienceMs });
    if (this.#stream?.isOpen === true) return this.#stream;
    const onBroken = (): void => {
      this.#retryAtMs = performance.now() + sessionBackoffMs;
    };
    try {
      this.#stream = new SessionStream(session, { onBroken });
    } catch (cause) {
      throw notSent('the connection was just lost', cause);
    }
    return this.#stream;
  }

  #taken(): Batch[] {
    const waiting = this.#waiting;
    this.#waiting = [];
    return waiting;
  }
}

function notSent(message: string, cause?: unknown): KvError {
  return new KvError('unavailable', message, { outcome: 'not-applied', cause });
}
