import { KvError } from '@kv/errors';
import { errorTrailerKey, grpcStatusOf, kvErrorToTrailer } from '@kv/proto';
import { type CallContext, ServerError, type ServerMiddleware, Status } from 'nice-grpc';

import type { Logger } from '../ports.js';
import { toldError } from '../services/told-error.js';
import { Undecodable } from './service-definition.js';

/** Turns what a handler throws into a status with the trailer `kv-error-bin`. */
export function createErrorMiddleware(logger: Logger): ServerMiddleware {
  return async function* errorMiddleware(call, context) {
    try {
      if (call.request instanceof Undecodable) {
        throw new KvError('invalid-argument', call.request.reason, { outcome: 'not-applied' });
      }
      return yield* call.next(call.request, context);
    } catch (error) {
      // Health and reflection speak gRPC themselves.
      if (error instanceof ServerError) throw error;
      // A caller that is gone reads no answer, but anything else than a status would be printed with its stack.
      if (context.signal.aborted && isAbort(error)) throw new ServerError(Status.CANCELLED, 'given up');
      throw toServerError(error, { context, path: call.method.path, logger });
    }
  };
}

function isAbort(error: unknown): boolean {
  return (error as { name?: unknown } | null | undefined)?.name === 'AbortError';
}

interface Surroundings {
  readonly context: CallContext;
  readonly path: string;
  readonly logger: Logger;
}

function toServerError(error: unknown, { context, path, logger }: Surroundings): ServerError {
  const told = toldError(error, { path, logger });
  context.trailer.set(errorTrailerKey, kvErrorToTrailer(told));
  // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- the table's numbers are gRPC's
  return new ServerError(grpcStatusOf(told.code), told.message);
}
