import { KvError, type Outcome, toKvError } from '@kv/errors';
import { plusMs, type Timestamp, type Version } from '@kv/hlc';
import { ConsistencyLevel } from '@kv/proto';

import { failedAt } from '../attempts/attempt-failure.js';
import { type FailedAttempt, runAttempts } from '../attempts/attempts.js';
import type { Contact, EndpointPool } from '../attempts/endpoint-pool.js';
import { stampWindowMs } from '../limits.js';
import { createOperationScope, type OperationScope } from '../attempts/operation-scope.js';
import type { Clock, Random, Timers } from '../ports.js';
import type { ServerTime } from '../attempts/server-time.js';
import type { StampCeilings } from '../attempts/stamp-ceilings.js';
import type { CallOptions } from '../transport/transport.js';

/** As which version the write is stored: the ticket, or a stamp within these bounds (0 = none). */
export interface WriteTerms {
  readonly ticket: Version | undefined;
  readonly stampAbove: number;
  readonly stampNotAfter: number;
}

/** What put and delete have in common. */
export interface WriteOperation<R> {
  readonly key: Buffer;
  /** As messages name it. */
  readonly consistency: ConsistencyLevel;
  readonly send: (contact: Contact, terms: WriteTerms, options: CallOptions) => Promise<R>;
}

export interface WriteResponse {
  readonly version?: { readonly timestamp: number } | undefined;
  readonly serverTime: number;
}

export interface WritePorts {
  readonly pool: EndpointPool;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly serverTime: ServerTime;
  readonly ceilings: StampCeilings;
}

/**
 * A write, retried. The danger is an attempt that was given up and is still under way: a coordinator that was slow stamps
 * it later than a write that this client did afterwards, and the old value comes back. So (protocol rule 11) each attempt
 * names the latest stamp it may be given, its ceiling, and whatever follows on that key has to be stamped above the
 * ceilings of all attempts whose outcome is unknown. A coordinator cannot stamp further ahead of its clock than the drift
 * bound, hence the narrow window, and the wait until the next attempt's own window reaches beyond the ceiling.
 *
 * Not for `linearizable`, where a ticket does all that and more: see `runTicketedWrite`.
 */
export function runWrite<R extends WriteResponse>(
  operation: WriteOperation<R>,
  scope: OperationScope,
  ports: WritePorts,
  first?: FailedAttempt & { readonly ceiling: number },
): Promise<R> {
  // Of this operation's own attempts: these bind it however long it lasts.
  const own = { ceiling: first?.ceiling ?? 0 };
  const attempt = (contact: Contact, timeoutMs: number): Promise<R> =>
    attemptWrite(operation, { contact, scope, timeoutMs, own }, ports);
  return runAttempts({ scope, kind: 'write', attempt, first }, ports);
}

interface AttemptContext {
  readonly contact: Contact;
  readonly scope: OperationScope;
  readonly timeoutMs: number;
  readonly own: { ceiling: number };
}

async function attemptWrite<R extends WriteResponse>(
  { key, consistency, send }: WriteOperation<R>,
  { contact, scope, timeoutMs, own }: AttemptContext,
  ports: WritePorts,
): Promise<R> {
  const bounds = await boundsWhenPossible(
    (now) => Math.max(own.ceiling, ports.ceilings.above(key, now)),
    scope,
    ports,
  );
  const attempt = createOperationScope(
    {
      timeoutMs: Math.min(timeoutMs, Math.max(1, scope.remainingMs())),
      signal: scope.signal,
      what: contact.endpoint,
    },
    ports,
  );
  try {
    const response = await attempt.race(
      send(
        contact,
        { ...bounds, ticket: undefined },
        { signal: attempt.signal, timeoutMs: attempt.timeoutMs },
      ),
    );
    ports.serverTime.observe(response.serverTime);
    // One replica's acknowledgement says nothing to the coordinator of the next write, which may not ask that one.
    if (response.version !== undefined && consistency !== ConsistencyLevel.ONE) {
      ports.ceilings.acknowledged(key, response.version.timestamp);
    }
    return response;
  } catch (error) {
    const outcome = attempt.endedBy === undefined ? outcomeOf(error) : 'unknown';
    if (outcome === 'unknown') {
      const { stampNotAfter: ceiling } = bounds;
      own.ceiling = Math.max(own.ceiling, ceiling);
      ports.ceilings.abandoned(key, { ceiling, now: knownTime(ports.serverTime) });
    }
    throw failedAt(contact, error, outcome);
  } finally {
    attempt.release();
  }
}

/** The bounds of an attempt that starts now, once the window reaches beyond what the stamp has to be above. */
export async function boundsWhenPossible(
  above: (now: Timestamp) => number,
  scope: OperationScope,
  { serverTime }: WritePorts,
): Promise<{ stampAbove: number; stampNotAfter: Timestamp }> {
  for (;;) {
    const now = knownTime(serverTime);
    const stampAbove = above(now);
    const windowMs = Math.max(1, Math.min(stampWindowMs, Math.floor(scope.remainingMs())));
    const stampNotAfter = plusMs(now, windowMs);
    const missingMs = (stampAbove - stampNotAfter) / stampsPerMs + 1;
    const wait = missingMs > 0 ? scope.sleep(Math.ceil(missingMs)) : scope.timeForAttempt();
    if (wait === undefined) return { stampAbove, stampNotAfter };
    await wait;
  }
}

export const stampsPerMs = 4096;

export function knownTime(serverTime: ServerTime): Timestamp {
  const now = serverTime.now();
  if (now === undefined) {
    throw new KvError('internal', 'the node told no time of its own; is it a kv node?', {
      outcome: 'not-applied',
    });
  }
  return now;
}

/** Of a failed call: what the node or the transport is certain of, else unknown. */
export function outcomeOf(error: unknown): Outcome {
  const { code, outcome } = toKvError(error);
  // A node that does not understand a request, or does not have the method, did nothing with it.
  return outcome ?? (code === 'invalid-argument' || code === 'unimplemented' ? 'not-applied' : 'unknown');
}
