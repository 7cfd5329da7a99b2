import { KvError } from '@kv/errors';
import { KVDefinition } from '@kv/proto';

import { sessionMessagesUnsentMax, sessionOperationsMax } from '../limits.js';
import type { KvService } from '../transport.js';
import type { DirectService, DirectStream, StreamHandler } from './direct-streams.js';
import { Undecodable } from './service-definition.js';

export const sessionPath = `/${KVDefinition.fullName}/${KVDefinition.methods.session.name}`;

/** The sessions of this node's clients. */
export class SessionStreams {
  readonly #kv: KvService;
  readonly #open = new Set<SessionStream>();

  constructor(kv: KvService) {
    this.#kv = kv;
  }

  readonly open: DirectService['open'] = (stream) => {
    const session = new SessionStream(stream, {
      kv: this.#kv,
      onClosed: () => void this.#open.delete(session),
    });
    this.#open.add(session);
    return session;
  };

  /** Ends each as soon as what is under way is answered: a stream that stays open would hold up the node's end. */
  async drain(): Promise<void> {
    await Promise.all([...this.#open].map((session) => session.drain()));
  }
}

class SessionStream implements StreamHandler {
  readonly #stream: DirectStream;
  readonly #session;
  readonly #onClosed: () => void;

  constructor(
    stream: DirectStream,
    { kv, onClosed }: { readonly kv: KvService; readonly onClosed: () => void },
  ) {
    this.#stream = stream;
    this.#session = kv.session({ emit: (message) => this.#emit(message) });
    this.#onClosed = onClosed;
  }

  onMessage(message: unknown): void {
    if (message instanceof Undecodable) throw new KvError('invalid-argument', message.reason);
    this.#session.receive(message as Buffer);
    this.#adjust();
  }

  onSent(): void {
    this.#adjust();
  }

  onEnd(): void {
    void this.#session.drained().then(() => this.#stream.end());
  }

  onClosed(): void {
    this.#session.close();
    this.#onClosed();
  }

  async drain(): Promise<void> {
    await this.#session.drained();
    this.#stream.end(new KvError('closed', 'the node is stopping'));
  }

  #emit(message: Buffer): void {
    this.#stream.send(message);
    this.#adjust();
  }

  /** A client that sends faster than it is served, or does not take its answers, waits with the rest. */
  #adjust(): void {
    const isFull =
      this.#session.underWay >= sessionOperationsMax || this.#stream.unsent >= sessionMessagesUnsentMax;
    if (isFull) this.#stream.pause();
    else this.#stream.resume();
  }
}
