/**
 * All batches to one node over one stream of `kv.v1.KV.Session`, which is opened when it is first needed.
 *
 * It speaks with the call of grpc-js itself: at a few microseconds an operation, object streams and async iterators would
 * be most of the cost.
 */
import {
  type ChannelInterface,
  connectivityState,
  Metadata as GrpcMetadata,
  status,
  type StatusObject,
} from '@grpc/grpc-js';
import { KvError } from '@kv/errors';
import {
  decodeDirectly,
  encodeDirectly,
  errorTrailerKey,
  KVDefinition,
  kvErrorFromFailure,
  type Operation,
  type OperationResult,
  SessionRequest,
  SessionResponse,
} from '@kv/proto';

import { operationsPerBatchMax, sessionBackoffMs } from '../limits.js';
import type { Exchange, ExchangeSink } from './transport.js';

type Call = ReturnType<ChannelInterface['createCall']>;

const path = `/${KVDefinition.fullName}/${KVDefinition.methods.session.name}`;

/** An id is the number of its batch, and its place in it. */
const indexBits = Math.log2(operationsPerBatchMax);
const batchNumbers = 2 ** (32 - indexBits);

export class GrpcSession {
  readonly #channel: ChannelInterface;
  /** Resolves once the channel is connected; rejects with what says that nothing was sent. */
  readonly #connected: () => Promise<void>;
  #call: Call | undefined;
  #isOpening = false;
  #isClosed = false;
  /** The stream of now has given a result. */
  #isProven = false;
  #retryAtMs = 0;
  #nextNumber = 0;
  /** Handed to grpc-js, and not answered in full. */
  readonly #underWay = new Map<number, Batch>();
  /** For the stream that is being opened. */
  #waiting: Batch[] = [];
  #cancelled: number[] = [];
  #isWriting = false;
  /** Messages, encoded. */
  #unwritten: Buffer[] = [];

  constructor(channel: ChannelInterface, connected: () => Promise<void>) {
    this.#channel = channel;
    this.#connected = connected;
  }

  exchange(operations: readonly Operation[], sink: ExchangeSink): Exchange {
    const batch = new Batch(this, operations, sink);
    // A channel that lost its connection would queue the batch, and nobody could tell whether it left.
    if (this.#call !== undefined && this.#channel.getConnectivityState(false) === connectivityState.READY) {
      this.#send(this.#call, batch);
    } else {
      this.#waiting.push(batch);
      if (!this.#isOpening) void this.#open();
    }
    return batch;
  }

  close(): void {
    this.#isClosed = true;
    this.#call?.cancelWithStatus(status.CANCELLED, 'closed');
  }

  /** Of one that is under way. */
  cancel(batch: Batch, index: number): void {
    if (batch.number === undefined) return;
    if (batch.remaining === 0) this.#underWay.delete(batch.number);
    this.#cancelled.push(idOf(batch.number, index));
    // One signal may end a thousand operations: they are told together.
    if (this.#cancelled.length === 1) setImmediate(() => this.#tellCancelled());
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      if (performance.now() < this.#retryAtMs) throw notSent('the session broke a moment ago');
      await this.#connected();
      if (this.#isClosed)
        throw new KvError('closed', 'the connection was closed', { outcome: 'not-applied' });
      this.#call ??= this.#start();
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const batch of waiting) this.#send(this.#call, batch);
    } catch (error) {
      const waiting = this.#waiting;
      this.#waiting = [];
      // Never from within `exchange`.
      await Promise.resolve();
      for (const batch of waiting) batch.fail(error as KvError);
    } finally {
      this.#isOpening = false;
      if (this.#waiting.length > 0) void this.#open();
    }
  }

  #start(): Call {
    const call = this.#channel.createCall(path, Infinity, null, null, null);
    this.#isProven = false;
    this.#isWriting = false;
    this.#unwritten = [];
    call.start(new GrpcMetadata(), {
      onReceiveMetadata: () => undefined,
      onReceiveMessage: (message: Buffer) => {
        // Before the results are handed on: what comes next is decoded while the application works.
        call.startRead();
        this.#receive(call, message);
      },
      onReceiveStatus: (end) => this.#ended(call, end),
    });
    call.startRead();
    return call;
  }

  #send(call: Call, batch: Batch): void {
    // Nobody waits for it any more.
    if (batch.remaining === 0) return;
    const number = this.#number();
    batch.number = number;
    this.#underWay.set(number, batch);
    const { operations } = batch;
    for (let index = 0; index < operations.length; index += 1) operations[index]!.id = idOf(number, index);
    const left =
      batch.cancelledBefore === 0 ? operations : operations.filter((_, index) => batch.waitsFor(index));
    this.#write(call, { operations: left as Operation[], cancelled: [] });
  }

  /** grpc-js has room for one message that it was not rid of yet. */
  #write(call: Call, request: SessionRequest): void {
    const message = encodeDirectly(SessionRequest, request);
    if (this.#isWriting) {
      this.#unwritten.push(message);
      return;
    }
    this.#isWriting = true;
    call.sendMessageWithContext({ callback: () => this.#written(call) }, message);
  }

  #written(call: Call): void {
    if (call !== this.#call) return;
    const message = this.#unwritten.shift();
    if (message === undefined) this.#isWriting = false;
    else call.sendMessageWithContext({ callback: () => this.#written(call) }, message);
  }

  #number(): number {
    do this.#nextNumber = (this.#nextNumber + 1) % batchNumbers;
    while (this.#underWay.has(this.#nextNumber));
    return this.#nextNumber;
  }

  #receive(call: Call, message: Buffer): void {
    if (call !== this.#call) return;
    let results: readonly OperationResult[];
    try {
      ({ results } = decodeDirectly(SessionResponse, message));
    } catch (cause) {
      call.cancelWithStatus(status.INTERNAL, `an answer that cannot be decoded: ${String(cause)}`);
      return;
    }
    this.#isProven = true;
    let batch: Batch | undefined;
    for (const result of results) {
      const number = result.id >>> indexBits;
      if (batch?.number !== number) {
        batch?.sink.onResultsEnd();
        batch = this.#underWay.get(number);
      }
      if (batch?.answer(result.id & (operationsPerBatchMax - 1), result) === true)
        this.#underWay.delete(number);
    }
    batch?.sink.onResultsEnd();
  }

  #ended(call: Call, { code, details, metadata }: StatusObject): void {
    if (call !== this.#call) return;
    this.#call = undefined;
    this.#cancelled = [];
    if (!this.#isProven) this.#retryAtMs = performance.now() + sessionBackoffMs;
    const [trailer] = metadata.get(errorTrailerKey);
    const { code: kvCode, message } = kvErrorFromFailure({
      status: code,
      details,
      trailer: typeof trailer === 'string' ? undefined : trailer,
    });
    // Of the stream, not of any operation: whatever its reason, operations may have been carried out.
    const error = new KvError(kvCode, message, {
      outcome: kvCode === 'unimplemented' ? 'not-applied' : 'unknown',
    });
    const batches = [...this.#underWay.values()];
    this.#underWay.clear();
    for (const batch of batches) batch.fail(error);
  }

  #tellCancelled(): void {
    const cancelled = this.#cancelled;
    this.#cancelled = [];
    if (cancelled.length === 0 || this.#call === undefined) return;
    this.#write(this.#call, { operations: [], cancelled });
  }
}

class Batch implements Exchange {
  readonly operations: readonly Operation[];
  readonly sink: ExchangeSink;
  /** Undefined before it was sent. */
  number: number | undefined;
  /** Neither answered nor cancelled. */
  remaining: number;
  cancelledBefore = 0;
  readonly #session: GrpcSession;
  readonly #isSettled: Uint8Array;

  constructor(session: GrpcSession, operations: readonly Operation[], sink: ExchangeSink) {
    this.#session = session;
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
    if (this.number === undefined) this.cancelledBefore += 1;
    this.#session.cancel(this, index);
  }
}

function idOf(number: number, index: number): number {
  return ((number << indexBits) | index) >>> 0;
}

function notSent(message: string): KvError {
  return new KvError('unavailable', message, { outcome: 'not-applied' });
}
