import { isKvError, KvError, type Outcome, toKvError } from '@kv/errors';

/** Whatever fails before a write is sent: nothing was applied. */
export function notApplied(error: unknown): unknown {
  if (!isKvError(error)) return error;
  const { code, message, cause } = error;
  return new KvError(code, message, { outcome: 'not-applied', cause });
}

/** The failure of one attempt, naming the endpoint, with what is known of its outcome. */
export function failedAt(
  { endpoint }: { readonly endpoint: string },
  error: unknown,
  outcome?: Outcome,
): KvError {
  const failure = toKvError(error);
  const { code, required, received, retryAfterMs } = failure;
  const facts = { outcome, required, received, retryAfterMs, cause: failure.cause ?? failure };
  return new KvError(code, `${endpoint}: ${failure.message}`, facts);
}
