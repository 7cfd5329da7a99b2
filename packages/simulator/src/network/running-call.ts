import { CallerSignal } from './caller-signal.js';
import type { CallFailure, FailureAnswer, IncomingCall } from './rpc.js';

export interface OutgoingCall {
  readonly method: string;
  readonly request: Uint8Array;
  readonly metadata: ReadonlyMap<string, string>;
  onReply(response: Uint8Array): void;
  onEnd(): void;
  onFailure(failure: CallFailure): void;
}

/** Whether the answer finds its way back; a late copy's never does. */
export type Answering = 'returned' | 'lost';

export class RunningCall {
  readonly outgoing: OutgoingCall;
  wasSent = false;
  #isSettled = false;
  readonly serverSide = new ServerSide();
  /** Of a stream: answers that overtook an earlier one. */
  #expected = 0;
  /** The next of those that waited has its event. */
  #isHandingOver = false;
  readonly #early = new Map<number, () => void>();

  constructor(outgoing: OutgoingCall) {
    this.outgoing = outgoing;
  }

  settle(): void {
    this.#isSettled = true;
  }

  fail(failure: CallFailure): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.outgoing.onFailure(failure);
  }

  /**
   * Answers of one call keep their order, and each has an event of its own, also those that waited for an earlier one: whoever
   * watches answers finds what the application does with one before the next comes.
   */
  arrived(number: number, act: () => void, later: (act: () => void) => void): void {
    if (this.#isSettled || number < this.#expected) return;
    this.#early.set(number, act);
    if (!this.#isHandingOver) this.#handOver(later);
  }

  #handOver(later: (act: () => void) => void): void {
    this.#isHandingOver = false;
    const next = this.#early.get(this.#expected);
    if (next === undefined || this.#isSettled) return;
    this.#early.delete(this.#expected);
    this.#expected += 1;
    next();
    if (!this.#early.has(this.#expected)) return;
    this.#isHandingOver = true;
    later(() => this.#handOver(later));
  }
}

/** What a handler sees of its caller. */
export class ServerSide {
  readonly signal = new CallerSignal();
  #onFurther: ((message: Uint8Array) => void) | undefined;

  set onFurther(listener: (message: Uint8Array) => void) {
    this.#onFurther = listener;
  }

  /** What overtook the call is lost. */
  further(message: Uint8Array): void {
    this.#onFurther?.(message);
  }
}

interface Way {
  reply(number: number, response: Uint8Array, isLast: boolean): void;
  end(number: number): void;
  fail(answer: FailureAnswer): void;
}

/** A call as it arrives at a server: the first time, or once more. */
export class Delivery implements IncomingCall {
  readonly method: string;
  readonly request: Uint8Array;
  readonly metadata: ReadonlyMap<string, string>;
  readonly #serverSide: ServerSide;
  readonly #way: Way;
  #sequence = 0;

  constructor({ outgoing, serverSide }: RunningCall, answering: Answering, way: Way) {
    this.method = outgoing.method;
    this.request = outgoing.request;
    this.metadata = outgoing.metadata;
    // A copy whose answer is lost knows of no caller who could give it up.
    this.#serverSide = answering === 'returned' ? serverSide : new ServerSide();
    this.#way = way;
  }

  get signal(): AbortSignal {
    return this.#serverSide.signal.asAbortSignal();
  }

  onFurther(listener: (message: Uint8Array) => void): void {
    this.#serverSide.onFurther = listener;
  }

  reply(response: Uint8Array, { isLast }: { readonly isLast: boolean }): void {
    this.#way.reply(this.#next(), response, isLast);
  }

  end(): void {
    this.#way.end(this.#next());
  }

  fail(answer: FailureAnswer): void {
    this.#way.fail(answer);
  }

  #next(): number {
    this.#sequence += 1;
    return this.#sequence - 1;
  }
}
