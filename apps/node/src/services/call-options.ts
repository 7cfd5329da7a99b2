import { KvError } from '@kv/errors';
import { ConsistencyLevel as LevelMessage, type Version as VersionMessage } from '@kv/proto';
import type { CallOptions, ConsistencyLevel } from '@kv/replication';
import { isTimestamp, type Version } from '@kv/hlc';

import type { CallContext } from '../transport.js';

/** Milliseconds that the caller waits, as our client sends them with every call. */
export const timeoutMetadataKey = 'kv-timeout-ms';

/**
 * How much sooner than its caller gives up a request is answered, so that the caller learns what became of it: how many
 * replicas acknowledged, and whether the write may have happened.
 */
const answerEarlierMs = 50;

/** Undefined: the caller did not say how long it waits. */
function callerTimeoutMs({ metadata }: CallContext): number | undefined {
  const text = metadata.get(timeoutMetadataKey);
  if (text === undefined) return undefined;
  const callerMs = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (callerMs > 0) return answerWithinMs(callerMs);
  throw new KvError(
    'invalid-argument',
    `${timeoutMetadataKey}: expected a whole number of milliseconds above 0`,
    { outcome: 'not-applied' },
  );
}

/** For a caller that waits so long. */
export function answerWithinMs(callerMs: number): number {
  return Math.max(1, callerMs - Math.min(answerEarlierMs, callerMs / 10));
}

export function callOptions(
  context: CallContext,
  { requestTimeoutMs }: { readonly requestTimeoutMs: number },
): CallOptions {
  const timeoutMs = callerTimeoutMs(context) ?? requestTimeoutMs;
  return { signal: context.signal, timeoutMs: Math.min(requestTimeoutMs, timeoutMs) };
}

/** A scan may take as long as its caller likes: the request timeout bounds each of its pages, not the whole. */
export function scanOptions(context: CallContext): CallOptions {
  return { signal: context.signal, timeoutMs: callerTimeoutMs(context) };
}

export function toConsistency(level: LevelMessage): ConsistencyLevel {
  switch (level) {
    case LevelMessage.UNSPECIFIED:
    case LevelMessage.QUORUM:
      return 'quorum';
    case LevelMessage.ONE:
      return 'one';
    case LevelMessage.ALL:
      return 'all';
    case LevelMessage.LINEARIZABLE:
      return 'linearizable';
    default:
      throw new KvError('invalid-argument', `consistency: there is no level ${String(level)}`, {
        outcome: 'not-applied',
      });
  }
}

export function toVersion(message: VersionMessage | undefined, name = 'ticket'): Version | undefined {
  if (message === undefined) return undefined;
  const { timestamp, node } = message;
  if (isTimestamp(timestamp)) return { timestamp, node };
  throw new KvError('invalid-argument', `${name}: expected a version that a server issued`, {
    outcome: 'not-applied',
  });
}
