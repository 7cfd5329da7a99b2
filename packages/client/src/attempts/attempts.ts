import { type ErrorCode, KvError, type Outcome, toKvError } from '@kv/errors';

import { channels, type RetryEvent } from '../diagnostics.js';
import type { Contact, EndpointPool } from './endpoint-pool.js';
import { attemptsMax, backoffMsFirst, backoffMsMax } from '../limits.js';
import type { OperationScope } from './operation-scope.js';
import type { Random } from '../ports.js';

/** What an operation is made of: one attempt after the other, never two at a time. */
export interface AttemptsOptions<T> {
  readonly scope: OperationScope;
  readonly kind: OperationKind;
  /** Sends the request once. A write's failures carry an outcome. */
  readonly attempt: (contact: Contact, timeoutMs: number) => Promise<T>;
  /** An attempt that was made, and failed, before these. */
  readonly first?: FailedAttempt | undefined;
}

export interface FailedAttempt {
  /** Undefined: no endpoint is to blame. */
  readonly contact: Contact | undefined;
  /** As `failedAt` makes it. */
  readonly failure: KvError;
}

/** Of a failed read there is no outcome; a ticket that was not obtained has written nothing. */
export type OperationKind = 'read' | 'ticket' | 'write';

export interface AttemptsPorts {
  readonly pool: EndpointPool;
  readonly random: Random;
}

/** Failures that another node, or the same one a moment later, need not repeat. The others are the same everywhere. */
const retryable: Readonly<Record<ErrorCode, boolean>> = {
  'invalid-argument': false,
  unavailable: true,
  timeout: true,
  overloaded: true,
  'memory-full': false,
  'disk-full': false,
  'clock-drift': true,
  'wrong-epoch': true,
  corrupt: true,
  unimplemented: false,
  closed: true, // The node was; the client's own closing ends the scope.
  internal: true,
};

/**
 * Runs attempts until one succeeds or none may follow. Rejects with the caller's reason if the caller aborted, else with a
 * KvError whose outcome is that of all attempts together (protocol rule 12).
 */
export async function runAttempts<T>(
  { scope, kind, attempt, first }: AttemptsOptions<T>,
  { pool, random }: AttemptsPorts,
): Promise<T> {
  const failures: KvError[] = [];
  let spent = 0;
  for (let number = 1; ; number += 1) {
    let contact: Contact | undefined;
    try {
      if (number === 1 && first !== undefined) {
        contact = first.contact;
        throw first.failure;
      }
      const reached = await pool.acquire(scope);
      // Before the contact is noted: a deadline that passes here is no fault of the endpoint's.
      const tooLate = scope.timeForAttempt();
      if (tooLate !== undefined) await tooLate;
      contact = reached;
      return await attempt(
        contact,
        attemptTimeoutMs(scope.remainingMs(), spent + 1 >= attemptsMax || pool.size === 1),
      );
    } catch (error) {
      const failure = toKvError(error);
      failures.push(failure);
      if (kind !== 'write' || !cameTooLate(failure)) spent += 1;
      if (contact !== undefined && blamesEndpoint(failure, scope)) pool.blame(contact);
      const hopeless = spent >= attemptsMax || (contact === undefined && pool.isUnreachable);
      if (scope.endedBy !== undefined || !retryable[failure.code] || hopeless) {
        throw conclude(failures, scope, kind);
      }
      if (channels.retry.hasSubscribers) {
        const event: RetryEvent = { kind, endpoint: contact?.endpoint, error: failure };
        channels.retry.publish(event);
      }
    }
    const hintMs = hintedPauseMs(failures.at(-1), pool);
    await scope.sleep(pauseMs(number, hintMs, random)).catch(() => {
      throw conclude(failures, scope, kind);
    });
  }
}

/**
 * The write's stamp window was over when a node came to it. That is a definite no, and says nothing against trying with a
 * new window for as long as the deadline allows: a pause of the machine would otherwise fail what it only delayed. The
 * endpoint is blamed all the same: greeted again it tells its time, from which the next window is made.
 */
function cameTooLate({ code, outcome }: KvError): boolean {
  return code === 'timeout' && outcome === 'not-applied';
}

/** The last attempt gets all that is left, one before it half: a node that is silent must leave time for another. */
export function attemptTimeoutMs(remainingMs: number, isLast: boolean): number {
  return Math.max(1, Math.ceil(isLast ? remainingMs : remainingMs / 2));
}

/** A deadline counts against the endpoint that was silent until then; the caller's change of mind does not. */
function blamesEndpoint(failure: KvError, scope: OperationScope): boolean {
  return scope.endedBy === undefined ? retryable[failure.code] : scope.endedBy === 'deadline';
}

/**
 * How long a node asked to be left alone. One that is overloaded speaks for its cluster; one that cannot serve yet speaks for
 * itself, and may have to wait an hour for its clock, while the next one answers at once.
 */
function hintedPauseMs(failure: KvError | undefined, pool: EndpointPool): number {
  const isOfAll = failure?.code === 'overloaded' || pool.size === 1;
  return isOfAll ? (failure?.retryAfterMs ?? 0) : 0;
}

function pauseMs(number: number, retryAfterMs: number, random: Random): number {
  const ceilingMs = Math.min(backoffMsMax, backoffMsFirst * 2 ** (number - 1));
  return Math.max(retryAfterMs, ceilingMs * (0.5 + random.float() / 2));
}

function conclude(failures: readonly KvError[], scope: OperationScope, kind: OperationKind): unknown {
  if (scope.endedBy === 'caller') return scope.signal.reason;
  const outcome = outcomes[kind](failures);
  if (scope.endedBy === 'closed') return new KvError('closed', 'the client was closed', { outcome });
  // An answer that counts replicas says more than the connection that was refused after it.
  const told = failures.findLast(({ required }) => required !== undefined) ?? failures.at(-1);
  if (told === undefined) return scope.signal.reason;
  const { code, required, received, retryAfterMs } = told;
  const message = failures.length > 1 ? `${told.message} (${failures.length} attempts)` : told.message;
  return new KvError(code, message, { outcome, required, received, retryAfterMs, cause: told.cause ?? told });
}

/** Of all attempts together (protocol rule 12). */
const outcomes: Readonly<Record<OperationKind, (failures: readonly KvError[]) => Outcome | undefined>> = {
  read: () => undefined,
  ticket: () => 'not-applied',
  write: (failures) => (failures.some(({ outcome }) => outcome === 'unknown') ? 'unknown' : 'not-applied'),
};
