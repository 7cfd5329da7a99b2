import type { Version } from '@kv/hlc';

import { failedAt } from '../attempts/attempt-failure.js';
import { type FailedAttempt, runAttempts } from '../attempts/attempts.js';
import type { Contact } from '../attempts/endpoint-pool.js';
import { createOperationScope, type OperationScope } from '../attempts/operation-scope.js';
import { ask } from '../sending/ask.js';
import { answered, versionOf } from './entry.js';
import {
  boundsWhenPossible,
  knownTime,
  outcomeOf,
  type WriteOperation,
  type WritePorts,
  type WriteResponse,
} from './write.js';

/**
 * A write at `linearizable`, in two rounds (protocol rule 10). A ticket is a version that a node issued for this write
 * after asking a quorum for the key; obtaining it writes nothing, so that is retried as a read is. Then the write is
 * stored as that version, through whichever node answers, as often as it takes: all of these are one write, which takes
 * effect once or never. There is no second ticket: the first may still take effect, and then it would be two writes.
 */
export async function runTicketedWrite<R extends WriteResponse>(
  operation: WriteOperation<R>,
  scope: OperationScope,
  ports: WritePorts,
  first?: FailedAttempt,
): Promise<R> {
  const ticket = await runAttempts(
    {
      scope,
      kind: 'ticket',
      attempt: (contact, timeoutMs) => obtainTicket(operation.key, { contact, scope, timeoutMs }, ports),
      first,
    },
    ports,
  );
  return runStore({ operation, ticket }, scope, ports);
}

export interface TicketedOperation<R> {
  readonly operation: WriteOperation<R>;
  readonly ticket: Version;
}

/** The second round: the ticket is there. */
export function runStore<R extends WriteResponse>(
  { operation, ticket }: TicketedOperation<R>,
  scope: OperationScope,
  ports: WritePorts,
  first?: FailedAttempt,
): Promise<R> {
  return runAttempts(
    {
      scope,
      kind: 'write',
      attempt: (contact, timeoutMs) => store(operation, { ticket, contact, scope, timeoutMs }, ports),
      first,
    },
    ports,
  );
}

interface AttemptContext {
  readonly contact: Contact;
  readonly scope: OperationScope;
  readonly timeoutMs: number;
}

async function obtainTicket(
  key: Buffer,
  { contact, scope, timeoutMs }: AttemptContext,
  ports: WritePorts,
): Promise<Version> {
  // A ticket that comes too late is used by nobody, so it needs no latest time: only what was given up before bounds it.
  const { stampAbove } = await boundsWhenPossible((now) => ports.ceilings.above(key, now), scope, ports);
  const leftMs = Math.min(timeoutMs, Math.max(1, scope.remainingMs()));
  const bounds = { timeoutMs: leftMs, signal: scope.signal, what: contact.endpoint };
  const attempt = createOperationScope(bounds, ports);
  try {
    const request = { key, stampAbove, stampNotAfter: 0 };
    const call = { signal: attempt.signal, timeoutMs: attempt.timeoutMs };
    const { ticket } = await attempt.race(ask(contact.lane, { ticket: request }, call));
    const response = answered(ticket);
    ports.serverTime.observe(response.serverTime);
    return versionOf(response.ticket);
  } catch (error) {
    throw failedAt(contact, error);
  } finally {
    attempt.release();
  }
}

async function store<R extends WriteResponse>(
  { key, send }: WriteOperation<R>,
  { ticket, contact, scope, timeoutMs }: AttemptContext & { readonly ticket: Version },
  ports: WritePorts,
): Promise<R> {
  const attempt = createOperationScope({ timeoutMs, signal: scope.signal, what: contact.endpoint }, ports);
  try {
    const terms = { ticket, stampAbove: 0, stampNotAfter: 0 };
    const call = { signal: attempt.signal, timeoutMs: attempt.timeoutMs };
    const response = await attempt.race(send(contact, terms, call));
    ports.serverTime.observe(response.serverTime);
    ports.ceilings.acknowledged(key, ticket.timestamp);
    return response;
  } catch (error) {
    const outcome = attempt.endedBy === undefined ? outcomeOf(error) : 'unknown';
    // The ticket may yet take effect: what this client writes to the key next has to be above it (rule 11).
    if (outcome === 'unknown') {
      ports.ceilings.abandoned(key, { ceiling: ticket.timestamp, now: knownTime(ports.serverTime) });
    }
    throw failedAt(contact, error, outcome);
  } finally {
    attempt.release();
  }
}
