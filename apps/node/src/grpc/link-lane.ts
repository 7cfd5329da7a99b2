import type { ClientHttp2Session } from 'node:http2';

import { ReplicaUnreachable } from '@kv/replication';
import type { LinkRequest, LinkResponse } from '@kv/proto/internal';
import type { Connection } from '@kv/streams';

import { connectTimeoutMs, reconnectMsFirst, reconnectMsMax } from '../limits.js';
import { LinkStream, type LinkStreamPorts } from './link-stream.adapter.js';

/** Calls of one class of work to one peer, on a stream of their own: flow control is per stream. */
export class LinkLane {
  readonly #connection: Connection;
  readonly #address: string;
  readonly #ports: LinkStreamPorts;
  #stream: LinkStream | undefined;
  /** Streams in a row that the peer ended without one answer. */
  #failures = 0;
  #notBeforeMs = 0;

  constructor(connection: Connection, options: { readonly address: string }, ports: LinkStreamPorts) {
    this.#connection = connection;
    this.#address = options.address;
    this.#ports = ports;
  }

  /** Rejects as PeerConnection says. */
  call(request: LinkRequest, { timeoutMs }: { readonly timeoutMs: number }): Promise<LinkResponse> {
    const deadlineAtMs = this.#ports.clock.monotonicMs() + timeoutMs;
    const { open } = this.#connection;
    return open === undefined
      ? this.#callWhenConnected(request, { timeoutMs, deadlineAtMs })
      : this.#callOn(open, request, deadlineAtMs);
  }

  async #callWhenConnected(
    request: LinkRequest,
    { timeoutMs, deadlineAtMs }: { readonly timeoutMs: number; readonly deadlineAtMs: number },
  ): Promise<LinkResponse> {
    let session: ClientHttp2Session;
    try {
      session = await this.#connection.connected({ timeoutMs: Math.min(timeoutMs, connectTimeoutMs) });
    } catch (cause) {
      throw new ReplicaUnreachable((cause as Error).message, { sent: false, cause });
    }
    return await this.#callOn(session, request, deadlineAtMs);
  }

  /** Not async: what is thrown is the rejection, and a promise more for each call is saved. */
  #callOn(session: ClientHttp2Session, request: LinkRequest, deadlineAtMs: number): Promise<LinkResponse> {
    return new Promise((resolve, reject) => {
      this.#streamOn(session).call(request, { deadlineAtMs, resolve, reject });
    });
  }

  #streamOn(session: ClientHttp2Session): LinkStream {
    if (this.#stream?.isOpen === true) return this.#stream;
    this.#noteEnd();
    if (this.#ports.clock.monotonicMs() < this.#notBeforeMs) throw this.#unreachable('it ends every stream');
    try {
      this.#stream = new LinkStream(session, { address: this.#address }, this.#ports);
    } catch (error) {
      throw this.#unreachable('the connection was just lost', error);
    }
    return this.#stream;
  }

  /** A peer that does not speak links, or cannot now, is not asked again and again. */
  #noteEnd(): void {
    const ended = this.#stream;
    if (ended === undefined) return;
    this.#stream = undefined;
    ended.finish();
    if (ended.wasAnswered) {
      this.#failures = 0;
      return;
    }
    const pauseMs = Math.min(reconnectMsFirst * 2 ** Math.min(this.#failures, 10), reconnectMsMax);
    this.#failures += 1;
    this.#notBeforeMs = this.#ports.clock.monotonicMs() + pauseMs;
  }

  #unreachable(why: string, cause?: unknown): ReplicaUnreachable {
    return new ReplicaUnreachable(`${this.#address} takes no calls: ${why}`, { sent: false, cause });
  }
}
