/** One stream of `kv.v1.KV.Session`: batches go out, each one message, and results come back in any order. */
import type { ClientHttp2Session } from 'node:http2';

import { KvError } from '@kv/errors';
import {
  type CallFailure,
  decodeDirectly,
  encodeFramed,
  KVDefinition,
  kvErrorFromFailure,
  type Operation,
  SessionRequest,
  SessionResponse,
} from '@kv/proto';
import { MessageStream, type MessageStreamHandler } from '@kv/streams';

import { messageBytesReceivedMax, operationsPerBatchMax } from '../limits.js';
import type { Batch } from './session-batch.js';

const path = `/${KVDefinition.fullName}/${KVDefinition.methods.session.name}`;

/** An id is the number of its batch, and its place in it. */
const indexBits = Math.log2(operationsPerBatchMax);
const batchNumbers = 2 ** (32 - indexBits);

export class SessionStream implements MessageStreamHandler {
  readonly #stream: MessageStream;
  readonly #onBroken: () => void;
  /** It has given a result. */
  #isProven = false;
  #lastNumber = 0;
  /** Handed over, and not answered in full. */
  readonly #underWay = new Map<number, Batch>();
  #cancelled: number[] = [];

  /**
   * @param onBroken called if it ends without having given any result
   * @throws Error if the connection was just lost
   */
  constructor(session: ClientHttp2Session, { onBroken }: { readonly onBroken: () => void }) {
    this.#onBroken = onBroken;
    this.#stream = new MessageStream(session, { path, messageBytesMax: messageBytesReceivedMax }, this);
  }

  get isOpen(): boolean {
    return this.#stream.isOpen;
  }

  send(batch: Batch): void {
    // Nobody waits for it any more.
    if (batch.remaining === 0) return;
    const number = this.#nextNumber();
    batch.stream = this;
    batch.number = number;
    this.#underWay.set(number, batch);
    const { operations } = batch;
    for (let index = 0; index < operations.length; index += 1) operations[index]!.id = idOf(number, index);
    const left =
      batch.cancelledBefore === 0 ? operations : operations.filter((_, index) => batch.waitsFor(index));
    this.#write({ operations: left as Operation[], cancelled: [] });
  }

  cancel(batch: Batch, index: number): void {
    if (batch.remaining === 0) this.#underWay.delete(batch.number);
    this.#cancelled.push(idOf(batch.number, index));
    // One signal may end a thousand operations: they are told together.
    if (this.#cancelled.length === 1) setImmediate(() => this.#tellCancelled());
  }

  onMessage(message: Buffer): void {
    const { results } = decodeDirectly(SessionResponse, message);
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

  onDrain(): void {
    // Whoever sends bounds what is under way.
  }

  onEnd(end: CallFailure): void {
    if (!this.#isProven) this.#onBroken();
    const { code, message } = kvErrorFromFailure(end);
    // Of the stream, not of any operation: whatever its reason, operations may have been carried out.
    const error = new KvError(code, message, {
      outcome: code === 'unimplemented' ? 'not-applied' : 'unknown',
      cause: end.cause,
    });
    const batches = [...this.#underWay.values()];
    this.#underWay.clear();
    for (const batch of batches) batch.fail(error);
  }

  #write(request: SessionRequest): void {
    this.#stream.send(encodeFramed(SessionRequest, request));
  }

  #nextNumber(): number {
    do this.#lastNumber = (this.#lastNumber + 1) % batchNumbers;
    while (this.#underWay.has(this.#lastNumber));
    return this.#lastNumber;
  }

  #tellCancelled(): void {
    const cancelled = this.#cancelled;
    this.#cancelled = [];
    if (this.isOpen) this.#write({ operations: [], cancelled });
  }
}

function idOf(number: number, index: number): number {
  return ((number << indexBits) | index) >>> 0;
}
