import { isKvError, KvError, type Outcome, toKvError } from '@kv/errors';

/** Does the work that comes before a write is sent: whatever fails there, nothing was applied. */
export function beforeSending<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isKvError(error)) throw error;
    const { code, message, cause } = error;
    throw new KvError(code, message, { outcome: 'not-applied', cause });
  }
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
