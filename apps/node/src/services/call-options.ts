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

export function callOptions(
  { metadata, signal }: CallContext,
  { requestTimeoutMs }: { readonly requestTimeoutMs: number },
): CallOptions {
  const text = metadata.get(timeoutMetadataKey);
  if (text === undefined) return { signal, timeoutMs: requestTimeoutMs };
  const callerMs = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (callerMs === 0) {
    throw new KvError(
      'invalid-argument',
      `${timeoutMetadataKey}: expected a whole number of milliseconds above 0`,
      {
        outcome: 'not-applied',
      },
    );
  }
  const early = callerMs - Math.min(answerEarlierMs, callerMs / 10);
  return { signal, timeoutMs: Math.max(1, Math.min(requestTimeoutMs, early)) };
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

export function toVersion(message: VersionMessage | undefined): Version | undefined {
  if (message === undefined) return undefined;
  const { timestamp, node } = message;
  if (isTimestamp(timestamp)) return { timestamp, node };
  throw new KvError('invalid-argument', 'ticket: expected a version that a server issued', {
    outcome: 'not-applied',
  });
}
