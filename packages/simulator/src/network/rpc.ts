import { KvError, toKvError } from '@kv/errors';
import { grpcStatusOf, kvErrorFromFailure, kvErrorToTrailer } from '@kv/proto';

/** What a generated service definition says of a method, as far as a transport needs it. */
export interface Method {
  readonly name: string;
  readonly requestType: MessageType;
  readonly responseType: MessageType;
  readonly responseStream: boolean;
}

interface MessageType {
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}

/** A call as it arrives: `method` is `Service.Method`. */
export interface IncomingCall {
  readonly method: string;
  readonly request: Uint8Array;
  readonly signal: AbortSignal;
  readonly metadata: ReadonlyMap<string, string>;
  /** Further messages of the caller, as long as the call lasts. At most one listener. */
  onFurther(listener: (message: Uint8Array) => void): void;
  /** One message of the answer, and whether it is the last. */
  reply(response: Uint8Array, facts: { readonly isLast: boolean }): void;
  /** The end of a stream. */
  end(): void;
  fail(answer: FailureAnswer): void;
}

export type Handler = (call: IncomingCall) => void;

/** How a failed call is answered: status and trailer, as on a real wire. */
export interface FailureAnswer {
  readonly status: number;
  readonly details: string;
  readonly trailer: Uint8Array;
}

/** What becomes of a call: its answer, or why there is none. */
export type CallFailure =
  /** It was handed to no transport, and never will be. */
  | { readonly kind: 'not-sent'; readonly reason: string }
  /** It may have arrived. */
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'answered'; readonly answer: FailureAnswer };

/** What a defect says is logged at the node, and not told to its caller. */
export function failureAnswerOf(error: unknown): FailureAnswer {
  const { code, message, outcome, required, received, retryAfterMs } = toKvError(error);
  const details = code === 'internal' ? 'internal error, see the log of the node' : message;
  const told = new KvError(code, details, { outcome, required, received, retryAfterMs });
  return { status: grpcStatusOf(code), details, trailer: kvErrorToTrailer(told) };
}

export function kvErrorOf(answer: FailureAnswer): KvError {
  return kvErrorFromFailure(answer);
}

/** Methods that may be delivered again after they were answered: they change nothing, or nothing that was not so before. */
export function isRepeatable(method: string): boolean {
  const name = method.slice(method.indexOf('.') + 1);
  return !unrepeatable.has(name);
}

const unrepeatable: ReadonlySet<string> = new Set(['Write', 'Put', 'Delete', 'Session']);
