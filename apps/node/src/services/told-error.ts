import { isKvError, KvError, toKvError } from '@kv/errors';

import type { Logger } from '../ports.js';

/**
 * What a caller is told of a failure. A defect is logged here in full, and told as nothing but `internal`: its message
 * may hold paths, addresses or data.
 */
export function toldError(
  error: unknown,
  { path, logger }: { readonly path: string; readonly logger: Logger },
): KvError {
  const told = toKvError(error);
  if (told.code === 'internal') {
    logger.error({ err: error, path }, 'a request failed for an internal reason');
    const { outcome, required, received } = told;
    return new KvError('internal', 'internal error, see the log of the node', {
      outcome,
      required,
      received,
    });
  }
  if (!isKvError(error)) logger.debug({ err: error, path }, 'a request failed');
  return told;
}
