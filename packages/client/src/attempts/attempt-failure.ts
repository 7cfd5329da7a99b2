import { KvError, type Outcome, toKvError } from '@kv/errors';

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
