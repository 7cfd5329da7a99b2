/** One stream of gRPC messages both ways, at the calling end. */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';

import type { CallFailure } from '@kv/proto';

import { FrameReader, UnreadableFrame } from './frame-reader.js';
import { internalStatus, refusalIn, statusIn, statusOfEnd } from './status.js';

export interface MessageStreamHandler {
  /** A view that nobody overwrites. Whatever it throws ends the stream. */
  onMessage(message: Buffer): void;
  /** Everything that was handed over has left. */
  onDrain(): void;
  /** Once, for whatever reason, also a good one (status 0); nothing is called after it. */
  onEnd(end: CallFailure): void;
}

export interface MessageStreamOptions {
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Of a message that is received. */
  readonly messageBytesMax: number;
}

export class MessageStream {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #handler: MessageStreamHandler;
  #status: CallFailure | undefined;
  #cause: Error | undefined;
  #isOver = false;

  /** @throws Error if the connection was just lost: nothing was sent then */
  constructor(
    session: ClientHttp2Session,
    { path, messageBytesMax }: MessageStreamOptions,
    handler: MessageStreamHandler,
  ) {
    this.#session = session;
    this.#handler = handler;
    this.#stream = session.request(
      { ':method': 'POST', ':path': path, te: 'trailers', 'content-type': 'application/grpc+proto' },
      { endStream: false },
    );
    this.#listen(messageBytesMax);
  }

  /** Takes messages. The other end may have said that its connection shall be left, and still answer what it has. */
  get isOpen(): boolean {
    return !this.#isOver && this.#stream.writable && !this.#session.closed;
  }

  /** Handed over, and not taken by the network yet. */
  get unsentBytes(): number {
    return this.#stream.writableLength;
  }

  /** One message with its prefix, as `encodeFramed` makes it. */
  send(frame: Buffer): void {
    this.#stream.write(frame);
  }

  /** There is nothing more to say; what was sent is answered. */
  finish(): void {
    this.#stream.end();
  }

  close(end: CallFailure): void {
    this.#end(end);
    this.#stream.close(constants.NGHTTP2_CANCEL);
  }

  #listen(messageBytesMax: number): void {
    const reader = new FrameReader({
      bytesMax: messageBytesMax,
      onMessage: (message) => {
        if (!this.#isOver) this.#handler.onMessage(message);
      },
    });
    this.#stream.on('data', (chunk: Buffer) => {
      if (this.#isOver) return;
      try {
        reader.push(chunk);
      } catch (cause) {
        const status = cause instanceof UnreadableFrame ? cause.status : internalStatus;
        this.close({ status, details: `an answer cannot be read: ${String(cause)}`, cause });
      }
    });
    this.#stream.on('drain', () => {
      if (!this.#isOver) this.#handler.onDrain();
    });
    this.#stream.on('response', (headers) => {
      this.#status = statusIn(headers);
      const refusal = this.#status === undefined ? refusalIn(headers) : undefined;
      if (refusal !== undefined) this.close(refusal);
    });
    this.#stream.on('trailers', (headers: IncomingHttpHeaders) => {
      this.#status ??= statusIn(headers);
    });
    this.#stream.on('error', (error: Error) => {
      this.#cause = error; // `close` follows.
    });
    this.#stream.on('end', () => this.close(this.#status ?? this.#withoutStatus()));
    this.#stream.on('close', () => this.#end(this.#status ?? this.#withoutStatus()));
  }

  #withoutStatus(): CallFailure {
    return statusOfEnd({
      resetCode: this.#stream.rstCode,
      connectionIsLost: this.#session.destroyed,
      cause: this.#cause,
    });
  }

  #end(end: CallFailure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.onEnd(end);
  }
}
