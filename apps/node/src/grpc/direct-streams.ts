/**
 * Long bidirectional streams without what lies between: no async iterator, no object stream, no promise for each message.
 * nice-grpc serves everything else; for the paths named here an interceptor of grpc-js takes the call before nice-grpc's
 * handler sees it.
 */
import {
  Metadata,
  type ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { KvError } from '@kv/errors';
import { errorTrailerKey, grpcStatusOf, kvErrorToTrailer } from '@kv/proto';
import { UnreadableFrame } from '@kv/streams';

import { widenReceiveWindow } from './receive-window.js';
import { type Wire, wireOf } from './wire.js';

/** What the node does with one stream. */
export interface StreamHandler {
  /** Whatever it throws ends the stream. */
  onMessage(message: unknown): void;
  /** The network took a message. */
  onSent(): void;
  /** The caller has nothing more to say, and waits for the rest. */
  onEnd(): void;
  /** The stream is over. Nothing is called after it. */
  onClosed(): void;
}

export interface DirectStream {
  /** Encoded. */
  send(message: Buffer): void;
  /** Messages that the network has not taken yet. */
  readonly unsent: number;
  /** Reads no further message until `resume`. One that is on its way may still come. */
  pause(): void;
  resume(): void;
  /** With an error, or well. */
  end(error?: KvError): void;
}

export interface DirectService {
  /** Never throws: what is no message is handed on as what stands for one. */
  readonly decode: (bytes: Buffer) => unknown;
  readonly open: (stream: DirectStream) => StreamHandler;
}

/** By path, such as `/kv.v1.KV/Session`. `failureOf` makes of what a handler throws what its caller is told. */
export function directStreams(
  services: ReadonlyMap<string, DirectService>,
  failureOf: (error: unknown, path: string) => KvError,
): ServerInterceptor {
  return ({ path }, call) => {
    const service = services.get(path);
    // The class adds nothing to the interface but private fields; wrapping every call would only cost.
    // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- see above
    if (service === undefined) return call as ServerInterceptingCall;
    const direct = new DirectCall(call, service, (error) => failureOf(error, path));
    return direct as unknown as ServerInterceptingCall;
  };
}

/** Takes the place of a call: what nice-grpc's handler would be told goes to the stream's own. */
class DirectCall implements Pick<ServerInterceptingCallInterface, 'start'>, DirectStream {
  readonly #call: ServerInterceptingCallInterface;
  readonly #service: DirectService;
  readonly #failureOf: (error: unknown) => KvError;
  #handler: StreamHandler | undefined;
  /** Undefined: the messages come and go by grpc-js. */
  #wire: Wire | undefined;
  #isPaused = false;
  #isReading = false;
  #isOver = false;
  #unsent = 0;

  constructor(
    call: ServerInterceptingCallInterface,
    service: DirectService,
    failureOf: (error: unknown) => KvError,
  ) {
    this.#call = call;
    this.#service = service;
    this.#failureOf = failureOf;
  }

  get unsent(): number {
    return this.#unsent;
  }

  start(): void {
    this.#call.start({
      onReceiveMetadata: () => {
        widenReceiveWindow(this.#call);
        // At once: the caller learns that the stream stands, though nothing is answered yet.
        this.#call.sendMetadata(new Metadata());
        this.#handler = this.#service.open(this);
        this.#wire = wireOf(this.#call, {
          onMessage: (bytes) => this.#receive(this.#service.decode(bytes)),
          onEnd: () => this.#halfClose(),
          onUnreadable: (error) => this.#refuse(error),
        });
        this.#read();
      },
      onReceiveMessage: (message) => {
        this.#isReading = false;
        this.#receive(message);
        this.#read();
      },
      onReceiveHalfClose: () => this.#halfClose(),
      onCancel: () => this.#close(),
    });
  }

  send(message: Buffer): void {
    if (this.#isOver) return;
    this.#unsent += 1;
    if (this.#wire === undefined) this.#call.sendMessage(message, this.#onSent);
    else this.#wire.send(message, this.#onSent);
  }

  pause(): void {
    this.#isPaused = true;
    this.#wire?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#read();
  }

  end(error?: KvError): void {
    if (error === undefined) {
      this.#close(() => this.#call.sendStatus({ code: status.OK, details: '' }));
      return;
    }
    const metadata = new Metadata();
    metadata.set(errorTrailerKey, Buffer.from(kvErrorToTrailer(error)));
    this.#close(() =>
      // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the table's numbers are gRPC's
      this.#call.sendStatus({ code: grpcStatusOf(error.code), details: error.message, metadata }),
    );
  }

  readonly #onSent = (): void => {
    this.#unsent -= 1;
    if (!this.#isOver) this.#handler?.onSent();
  };

  #read(): void {
    if (this.#isPaused || this.#isOver) return;
    if (this.#wire !== undefined) this.#wire.resume();
    else if (!this.#isReading) {
      this.#isReading = true;
      this.#call.startRead();
    }
  }

  #receive(message: unknown): void {
    if (this.#isOver) return;
    try {
      this.#handler?.onMessage(message);
    } catch (error) {
      this.end(this.#failureOf(error));
    }
  }

  #refuse(error: unknown): void {
    if (this.#isOver) return;
    if (error instanceof UnreadableFrame) this.end(new KvError('invalid-argument', error.message));
    else this.end(this.#failureOf(error));
  }

  #halfClose(): void {
    if (!this.#isOver) this.#handler?.onEnd();
  }

  #close(tell?: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    tell?.();
    this.#handler?.onClosed();
  }
}
