/**
 * How the messages of one direct stream come and go: grpc-js' own way, or without it. Its way copies each message twice, reads by
 * request, stops and starts the stream for each, decodes in an async function and puts trace lines together that nobody reads:
 * with one operation at a time that is a tenth of the whole way of a write. It shows its HTTP/2 stream to nobody, so that is looked
 * for where it is kept. Not found, or if messages may be compressed, all works as grpc-js does it; a test would tell.
 */
import type { ServerInterceptingCallInterface } from '@grpc/grpc-js';
import { framed } from '@kv/proto';
import { FrameReader } from '@kv/streams';
import type { ServerHttp2Stream } from 'node:http2';

import { requestBytesMax } from '../limits.js';

export interface Wire {
  pause(): void;
  resume(): void;
  send(message: Buffer, onSent: () => void): void;
}

export interface WireHandler {
  onMessage(message: Buffer): void;
  /** The caller has nothing more to say. */
  onEnd(): void;
  /** What it sent cannot be read. */
  onUnreadable(error: unknown): void;
}

/** What a call of grpc-js keeps for itself. */
interface Inside {
  readonly stream?: ServerHttp2Stream;
  readonly incomingEncoding?: string;
}

/** Once its metadata was received and sent. Paused at first. */
export function wireOf(call: ServerInterceptingCallInterface, handler: WireHandler): Wire | undefined {
  const { stream, incomingEncoding } = call as Inside;
  if (stream === undefined || incomingEncoding !== 'identity') return undefined;
  return new StreamWire(stream, handler);
}

class StreamWire implements Wire {
  readonly #stream: ServerHttp2Stream;

  constructor(stream: ServerHttp2Stream, handler: WireHandler) {
    this.#stream = stream;
    const reader = new FrameReader({
      bytesMax: requestBytesMax,
      onMessage: (message) => handler.onMessage(message),
    });
    stream.removeAllListeners('data');
    stream.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        handler.onUnreadable(error);
      }
    });
    stream.on('end', () => handler.onEnd());
  }

  pause(): void {
    if (!this.#stream.isPaused()) this.#stream.pause();
  }

  resume(): void {
    if (this.#stream.isPaused()) this.#stream.resume();
  }

  send(message: Buffer, onSent: () => void): void {
    if (this.#stream.destroyed || this.#stream.writableEnded) return;
    this.#stream.write(framed(message), onSent);
  }
}
