import { isNativeError } from 'node:util/types';

import { type ErrorCode, isErrorCode } from './error-code.js';
import { KvError, type KvErrorFacts } from './kv-error.js';

/**
 * True for a KvError, also one of another copy of this package or of another realm, where `instanceof` fails.
 */
export function isKvError(error: unknown): error is KvError {
  return isNativeError(error) && error.name === 'KvError' && hasKnownCode(error);
}

/** True for an error with this very code, whichever class it has. */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  return isNativeError(error) && (error as { code?: unknown }).code === code;
}

/**
 * The gate at which anything thrown becomes a KvError: a KvError passes unchanged, an error of a package that has no
 * dependencies keeps its code, everything else is `internal` with the original as cause.
 */
export function toKvError(error: unknown, facts: KvErrorFacts = {}): KvError {
  if (isKvError(error)) return error;
  if (isNativeError(error)) {
    const code = hasKnownCode(error) ? error.code : 'internal';
    return new KvError(code, error.message, { ...facts, cause: error });
  }
  return new KvError('internal', `something that is no error was thrown: ${String(error)}`, {
    ...facts,
    cause: error,
  });
}

function hasKnownCode(error: Error): error is Error & { code: ErrorCode } {
  return isErrorCode((error as { code?: unknown }).code);
}
