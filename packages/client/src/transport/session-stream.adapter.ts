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
import { MessageStream, type MessageStreamHandler, UnderWay } from '@kv/streams';

import { messageBytesReceivedMax, operationsPerBatchMax } from '../limits.js';
import type { Batch } from './session-batch.js';

const path = `/${KVDefinition.fullName}/${KVDefinition.methods.session.name}`;

/** An operation's id is that of its batch, and its place in it. */
const indexBits = Math.log2(operationsPerBatchMax);
const batchIds = 2 ** (32 - indexBits);

export class SessionStream implements MessageStreamHandler {
  readonly #stream: MessageStream;
  readonly #onBroken: () => void;
  /** It has given a result. */
  #isProven = false;
  #lastId = 0;
  /** Handed over, and not answered in full. */
  readonly #underWay = new UnderWay<Batch>();
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
    batch.stream = this;
    batch.id = this.#nextId();
    this.#underWay.add(batch);
    const { operations } = batch;
    for (let index = 0; index < operations.length; index += 1) operations[index]!.id = idOf(batch.id, index);
    const left =
      batch.cancelledBefore === 0 ? operations : operations.filter((_, index) => batch.waitsFor(index));
    this.#write({ operations: left as Operation[], cancelled: [] });
  }

  cancel(batch: Batch, index: number): void {
    if (batch.remaining === 0) this.#underWay.delete(batch.id);
    this.#cancelled.push(idOf(batch.id, index));
    // One signal may end a thousand operations: they are told together.
    if (this.#cancelled.length === 1) setImmediate(() => this.#tellCancelled());
  }

  onMessage(message: Buffer): void {
    const { results } = decodeDirectly(SessionResponse, message);
    this.#isProven = true;
    let batch: Batch | undefined;
    for (const result of results) {
      const batchId = result.id >>> indexBits;
      if (batch?.id !== batchId) {
        batch?.sink.onResultsEnd();
        batch = this.#underWay.get(batchId);
      }
      if (batch?.answer(result.id & (operationsPerBatchMax - 1), result) === true)
        this.#underWay.delete(batchId);
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
    for (const batch of this.#underWay.takeAll()) batch.fail(error);
  }

  #write(request: SessionRequest): void {
    this.#stream.send(encodeFramed(SessionRequest, request));
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) % batchIds;
    while (this.#underWay.get(this.#lastId) !== undefined);
    return this.#lastId;
  }

  #tellCancelled(): void {
    const cancelled = this.#cancelled;
    this.#cancelled = [];
    if (this.isOpen) this.#write({ operations: [], cancelled });
  }
}

function idOf(batchId: number, index: number): number {
  return ((batchId << indexBits) | index) >>> 0;
}
