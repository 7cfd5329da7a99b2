/**
 * One table between error codes and gRPC statuses, and the trailer that carries what a status cannot.
 *
 * A server answers a failed call with `grpcStatusOf(code)`, the message, and the trailer `kv-error-bin` holding an encoded
 * `kv.v1.Error`. A client rebuilds the KvError from the trailer, or from the status alone where a proxy, or gRPC itself,
 * failed the call.
 */
import { type ErrorCode, isErrorCode, KvError, type KvErrorFacts, type Outcome } from '@kv/errors';

import { Error as ErrorMessage, Outcome as OutcomeMessage } from './gen/kv/v1/error.js';

export const errorTrailerKey = 'kv-error-bin';

/** Numbers of google.rpc.Code. */
const statusOf: Readonly<Record<ErrorCode, number>> = {
  'invalid-argument': 3, // INVALID_ARGUMENT
  unavailable: 14, // UNAVAILABLE
  timeout: 4, // DEADLINE_EXCEEDED
  overloaded: 8, // RESOURCE_EXHAUSTED
  'memory-full': 8, // RESOURCE_EXHAUSTED
  'disk-full': 8, // RESOURCE_EXHAUSTED
  'clock-drift': 9, // FAILED_PRECONDITION
  'wrong-epoch': 10, // ABORTED
  corrupt: 15, // DATA_LOSS
  unimplemented: 12, // UNIMPLEMENTED
  closed: 14, // UNAVAILABLE
  internal: 13, // INTERNAL
};

/** For calls that failed without the trailer: in transit, or in a server that is not ours. */
const codeOfBareStatus: Readonly<Record<number, ErrorCode>> = {
  3: 'invalid-argument',
  4: 'timeout',
  8: 'overloaded',
  10: 'wrong-epoch',
  12: 'unimplemented',
  14: 'unavailable',
  15: 'corrupt',
};

export function grpcStatusOf(code: ErrorCode): number {
  return statusOf[code];
}

/** The value of the trailer `kv-error-bin`. */
export function kvErrorToTrailer(error: KvError): Uint8Array {
  return ErrorMessage.encode({ ...kvErrorToMessage(error), message: '' }).finish();
}

/** The result of an operation of a session that failed. */
export function kvErrorToMessage({
  code,
  outcome,
  required,
  received,
  retryAfterMs,
  message,
}: KvError): ErrorMessage {
  return {
    code,
    outcome: outcomeToMessage(outcome),
    required: required ?? 0,
    received: received ?? 0,
    retryAfterMs: retryAfterMs ?? 0,
    message,
  };
}

/** What such a result stands for. */
export function kvErrorFromMessage(message: ErrorMessage): KvError {
  const { code, message: details } = message;
  if (isErrorCode(code)) return new KvError(code, details, factsOf(message));
  return new KvError('internal', `${code}: ${details}`, factsOf(message));
}

export interface CallFailure {
  /** Number of google.rpc.Code. */
  readonly status: number;
  readonly details: string;
  readonly trailer?: Uint8Array | undefined;
  readonly cause?: unknown;
}

/**
 * The KvError that a failed call stands for. Without a trailer there is no outcome: whoever sent the request knows
 * whether it may have arrived.
 */
export function kvErrorFromFailure({ status, details, trailer, cause }: CallFailure): KvError {
  const message = trailer === undefined ? undefined : decodeTrailer(trailer);
  if (message === undefined || !isErrorCode(message.code)) {
    return new KvError(codeOfBareStatus[status] ?? 'internal', details, { cause });
  }
  return new KvError(message.code, details, { ...factsOf(message), cause });
}

function factsOf({ outcome, required, received, retryAfterMs }: ErrorMessage): KvErrorFacts {
  return {
    outcome: outcomeFromMessage(outcome),
    // Absent and 0 look alike on the wire; a level that asks for 0 replicas does not exist.
    required: required === 0 ? undefined : required,
    received: required === 0 ? undefined : received,
    retryAfterMs: retryAfterMs === 0 ? undefined : retryAfterMs,
  };
}

function decodeTrailer(trailer: Uint8Array): ErrorMessage | undefined {
  try {
    return ErrorMessage.decode(trailer);
  } catch {
    return undefined; // Garbage in a trailer must not hide the failure that it came with.
  }
}

function outcomeToMessage(outcome: Outcome | undefined): OutcomeMessage {
  switch (outcome) {
    case 'not-applied':
      return OutcomeMessage.NOT_APPLIED;
    case 'unknown':
      return OutcomeMessage.UNKNOWN;
    case undefined:
      return OutcomeMessage.UNSPECIFIED;
  }
}

function outcomeFromMessage(outcome: OutcomeMessage): Outcome | undefined {
  switch (outcome) {
    case OutcomeMessage.NOT_APPLIED:
      return 'not-applied';
    case OutcomeMessage.UNKNOWN:
      return 'unknown';
    default:
      return undefined;
  }
}
