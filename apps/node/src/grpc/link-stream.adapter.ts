/**
 * One stream of calls to a peer. A call is a frame with an id, and its answer a frame with the same.
 *
 * What needs care is `sent`: a write may be called "not applied" only if it certainly never left (protocol rule 12). A
 * call that waits in line here has not left; from the moment on at which it was handed over every failure is "sent".
 */
import type { ClientHttp2Session } from 'node:http2';

import { KvError } from '@kv/errors';
import { type CallFailure, encodeFramed, kvErrorFromMessage } from '@kv/proto';
import { LinkRequest, LinkResponse, ReplicaDefinition } from '@kv/proto/internal';
import { ReplicaUnreachable } from '@kv/replication';
import { MessageStream, type MessageStreamHandler, UnderWay } from '@kv/streams';

import { linkBytesMax, linkUnsentBytesMax, replyBytesMax, requestBytesMax } from '../limits.js';
import type { Clock, Timers } from '../ports.js';
import { noBytes } from '../remote/wire-bytes.js';

export interface LinkStreamPorts {
  readonly clock: Clock;
  readonly timers: Timers;
}

interface CallOptions {
  /** By the monotonic clock. */
  readonly deadlineAtMs: number;
  readonly resolve: (answer: LinkResponse) => void;
  readonly reject: (error: unknown) => void;
}

interface Call extends CallOptions {
  readonly id: number;
  /** Let go of once it was handed over. */
  frame: Buffer;
  readonly bytes: number;
  isSent: boolean;
}

const path = `/${ReplicaDefinition.fullName}/${ReplicaDefinition.methods.link.name}`;

export class LinkStream implements MessageStreamHandler {
  readonly #stream: MessageStream;
  readonly #address: string;
  readonly #ports: LinkStreamPorts;
  readonly #calls = new UnderWay<Call>();
  /** Not handed over yet, in order. */
  #waiting: Call[] = [];
  #lastId = 0;
  #bytes = 0;
  #sweepAtMs = Infinity;
  #cancelSweep = (): void => undefined;
  #isFinishing = false;
  #wasAnswered = false;

  constructor(session: ClientHttp2Session, options: { readonly address: string }, ports: LinkStreamPorts) {
    this.#address = options.address;
    this.#ports = ports;
    this.#stream = new MessageStream(session, { path, messageBytesMax: replyBytesMax }, this);
  }

  /** Takes calls. */
  get isOpen(): boolean {
    return this.#stream.isOpen;
  }

  /** The peer answered at least once. */
  get wasAnswered(): boolean {
    return this.#wasAnswered;
  }

  /**
   * @param request gets its id and its time here
   * @throws KvError, not applied, if the call cannot be taken; else exactly one of the two functions is called later
   */
  call(request: LinkRequest, { deadlineAtMs, resolve, reject }: CallOptions): void {
    const id = this.#nextId();
    request.call = id;
    request.deadlineMs = this.#leftMs(deadlineAtMs);
    const frame = encodeFramed(LinkRequest, request);
    const bytes = frame.length;
    this.#check(bytes);
    const call: Call = { id, frame, bytes, deadlineAtMs, isSent: false, resolve, reject };
    this.#calls.add(call);
    this.#bytes += bytes;
    this.#sweepNotLaterThan(deadlineAtMs);
    const mustWait = this.#waiting.length > 0 || this.#stream.unsentBytes >= linkUnsentBytesMax;
    if (mustWait) this.#waiting.push(call);
    else this.#send(call);
  }

  /** No more calls; those under way are answered. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#waiting.length === 0) this.#stream.finish();
  }

  onMessage(message: Buffer): void {
    this.#answered(LinkResponse.decode(message));
  }

  onDrain(): void {
    this.#sendWaiting();
    if (this.#isFinishing && this.#waiting.length === 0) this.#stream.finish();
  }

  onEnd({ status, details }: CallFailure): void {
    this.#cancelSweep();
    for (const call of this.#calls.all()) this.#fail(call, `status ${status}: ${details}`);
    this.#waiting = [];
  }

  #answered(answer: LinkResponse): void {
    this.#wasAnswered = true;
    const call = this.#calls.get(answer.call);
    if (call === undefined) return; // It was given up.
    this.#forget(call);
    if (answer.error === undefined) call.resolve(answer);
    else call.reject(kvErrorFromMessage(answer.error));
  }

  #send(call: Call): void {
    call.isSent = true;
    this.#stream.send(call.frame);
    call.frame = noBytes;
  }

  #sendWaiting(): void {
    const nowMs = this.#ports.clock.monotonicMs();
    let sent = 0;
    for (const call of this.#waiting) {
      if (this.#stream.unsentBytes >= linkUnsentBytesMax) break;
      sent += 1;
      if (this.#calls.get(call.id) === undefined) continue; // It was given up.
      call.frame.writeUInt32LE(this.#leftMs(call.deadlineAtMs, nowMs), call.frame.length - 4);
      this.#send(call);
    }
    this.#waiting = this.#waiting.slice(sent);
  }

  #leftMs(deadlineAtMs: number, nowMs = this.#ports.clock.monotonicMs()): number {
    // 0 means no bound, so what has less than a millisecond left says 1.
    return Math.max(1, Math.min(Math.floor(deadlineAtMs - nowMs), 0xffff_ffff));
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId + 1) >>> 0;
    while (this.#calls.get(this.#lastId) !== undefined);
    return this.#lastId;
  }

  #check(bytes: number): void {
    const fact = { outcome: 'not-applied' } as const;
    // The peer would end the whole stream.
    if (bytes > requestBytesMax) {
      throw new KvError('invalid-argument', `a message has ${bytes} bytes`, fact);
    }
    if (this.#bytes > 0 && this.#bytes + bytes > linkBytesMax) {
      throw new KvError('overloaded', `too many bytes are on their way to ${this.#address}`, fact);
    }
  }

  #sweepNotLaterThan(atMs: number): void {
    if (atMs >= this.#sweepAtMs) return;
    this.#cancelSweep();
    this.#sweepAtMs = atMs;
    const inMs = Math.max(0, atMs - this.#ports.clock.monotonicMs());
    this.#cancelSweep = this.#ports.timers.after(inMs, () => this.#sweep());
  }

  /** One timer for all calls: most are answered long before, and a timer for each would cost more than its frame. */
  #sweep(): void {
    const nowMs = this.#ports.clock.monotonicMs();
    this.#sweepAtMs = Infinity;
    let nextAtMs = Infinity;
    for (const call of this.#calls.all()) {
      if (call.deadlineAtMs <= nowMs) this.#fail(call, 'it did not answer in time');
      else nextAtMs = Math.min(nextAtMs, call.deadlineAtMs);
    }
    if (nextAtMs !== Infinity) this.#sweepNotLaterThan(nextAtMs);
  }

  #fail(call: Call, reason: string): void {
    this.#forget(call);
    const message = `${this.#address} did not answer: ${reason}`;
    call.reject(new ReplicaUnreachable(message, { sent: call.isSent }));
  }

  #forget(call: Call): void {
    this.#calls.delete(call.id);
    this.#bytes -= call.bytes;
  }
}
