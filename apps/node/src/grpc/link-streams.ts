import { setMaxListeners } from 'node:events';

import { KvError } from '@kv/errors';
import { encodeDirectly, kvErrorToMessage } from '@kv/proto';
import { type LinkRequest, LinkResponse, ReplicaDefinition } from '@kv/proto/internal';

import { linkAnswerBytesMax, linkCallsMax } from '../limits.js';
import type { Logger } from '../ports.js';
import { toldError } from '../services/told-error.js';
import type { CallContext, ReplicaService } from '../transport.js';
import type { DirectService, DirectStream, StreamHandler } from './direct-streams.js';
import { Undecodable } from './service-definition.js';

export const linkPath = `/${ReplicaDefinition.fullName}/${ReplicaDefinition.methods.link.name}`;

export interface LinkStreamsPorts {
  readonly replica: ReplicaService;
  readonly logger: Logger;
}

/** The streams on which other members call this one. */
export class LinkStreams {
  readonly #ports: LinkStreamsPorts;
  readonly #open = new Set<LinkStream>();
  #isDraining = false;

  constructor(ports: LinkStreamsPorts) {
    this.#ports = ports;
  }

  readonly open: DirectService['open'] = (stream) => {
    const link = new LinkStream(stream, {
      ...this.#ports,
      onClosed: () => void this.#open.delete(link),
    });
    this.#open.add(link);
    if (this.#isDraining) void link.drain();
    return link;
  };

  /** Ends each as soon as what is under way is answered: a stream that stays open would hold up the node's end. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await Promise.all([...this.#open].map((link) => link.drain()));
  }
}

class LinkStream implements StreamHandler {
  readonly #stream: DirectStream;
  readonly #ports: LinkStreamsPorts & { readonly onClosed: () => void };
  readonly #gone = new AbortController();
  readonly #context: CallContext;
  #underWay = 0;
  /** Of answers that the caller has not taken, in order. */
  readonly #unsentBytes: number[] = [];
  #unsentBytesSum = 0;
  #onDrained: (() => void) | undefined;
  #drained: Promise<void> | undefined;

  constructor(stream: DirectStream, ports: LinkStreamsPorts & { readonly onClosed: () => void }) {
    this.#stream = stream;
    this.#ports = ports;
    // Every call under way may listen. They are bounded by `linkCallsMax`; the usual bound would print a warning.
    setMaxListeners(0, this.#gone.signal);
    this.#context = { signal: this.#gone.signal, metadata: { get: () => undefined } };
  }

  onMessage(message: unknown): void {
    if (message instanceof Undecodable) throw new KvError('invalid-argument', message.reason);
    void this.#answer(message as LinkRequest);
  }

  onSent(): void {
    this.#unsentBytesSum -= this.#unsentBytes.shift() ?? 0;
    this.#adjust();
  }

  onEnd(): void {
    void this.drain();
  }

  onClosed(): void {
    this.#gone.abort();
    this.#onDrained?.();
    this.#ports.onClosed();
  }

  /** Refuses what comes from now on; ends the stream once everything else is answered. A second call joins the first. */
  drain(): Promise<void> {
    this.#drained ??= new Promise<void>((resolve) => {
      this.#onDrained = resolve;
      this.#noteDrained();
    }).then(() => this.#stream.end());
    return this.#drained;
  }

  async #answer(request: LinkRequest): Promise<void> {
    this.#underWay += 1;
    this.#adjust();
    // With all its fields from the start: one hidden class, whatever is answered.
    const answer = LinkResponse.create({ call: request.call });
    try {
      if (this.#onDrained !== undefined) throw stopping();
      await dispatch(request, answer, { replica: this.#ports.replica, context: this.#context });
    } catch (error) {
      answer.error = kvErrorToMessage(toldError(error, { path: linkPath, logger: this.#ports.logger }));
    }
    this.#underWay -= 1;
    this.#send(answer);
    this.#noteDrained();
  }

  #send(answer: LinkResponse): void {
    const bytes = encodeDirectly(LinkResponse, answer);
    this.#unsentBytes.push(bytes.length);
    this.#unsentBytesSum += bytes.length;
    this.#stream.send(bytes);
    this.#adjust();
  }

  /** A caller that sends faster than it is served, or does not take its answers, waits with the rest. */
  #adjust(): void {
    const isFull = this.#underWay >= linkCallsMax || this.#unsentBytesSum >= linkAnswerBytesMax;
    if (isFull) this.#stream.pause();
    else this.#stream.resume();
  }

  #noteDrained(): void {
    if (this.#underWay === 0) this.#onDrained?.();
  }
}

/** Hands a call to its handler, with no more time than its caller has left, and its answer to `answer`. */
async function dispatch(
  request: LinkRequest,
  answer: LinkResponse,
  { replica, context }: { readonly replica: ReplicaService; readonly context: CallContext },
): Promise<void> {
  const { deadlineMs, write, read, repair, scanPartition, ping, digest } = request;
  if (write !== undefined) answer.write = await replica.write(within(deadlineMs, write), context);
  else if (read !== undefined) answer.read = await replica.read(within(deadlineMs, read), context);
  else if (repair !== undefined) answer.repair = await replica.repair(within(deadlineMs, repair), context);
  else if (digest !== undefined) answer.digest = await replica.digest(within(deadlineMs, digest), context);
  else if (ping !== undefined) answer.ping = await replica.ping(ping, context);
  else if (scanPartition !== undefined) {
    answer.scanPartition = await replica.scanPartition(within(deadlineMs, scanPartition), context);
  } else {
    throw new KvError('unimplemented', 'the call asks for nothing that this node knows', {
      outcome: 'not-applied',
    });
  }
}

/** The header's bound is of the moment at which the message was made; the frame's, of that at which it left. */
function within<Request extends { header?: { deadlineMs: number } | undefined }>(
  deadlineMs: number,
  request: Request,
): Request {
  const { header } = request;
  if (header !== undefined && deadlineMs !== 0) {
    header.deadlineMs = header.deadlineMs === 0 ? deadlineMs : Math.min(header.deadlineMs, deadlineMs);
  }
  return request;
}

function stopping(): KvError {
  return new KvError('unavailable', 'the node is stopping', { outcome: 'not-applied' });
}
