import { KvError, type Outcome, toKvError } from '@kv/errors';

import type { ReadFailure } from './cores/read-failure.js';
import type { TicketFailure } from './cores/ticket-core.js';
import type { StampRefusal } from './stamps/stamp-issuer.js';
import type { WriteFailure } from './cores/write-failure.js';

export function writeError(failure: WriteFailure, cause: unknown): KvError {
  const { why, code, outcome, required, received } = failure;
  return new KvError(code, writeMessage(failure), {
    outcome,
    required,
    received,
    cause: why === 'client-gone' ? cause : undefined,
  });
}

function writeMessage({ why, code, required, received, outcome }: WriteFailure): string {
  const tally = `${received} of the ${required} replicas needed acknowledged`;
  const fate = outcome === 'not-applied' ? 'nothing was written' : 'whether it takes effect is unknown';
  switch (why) {
    case 'no-quorum':
      return code === 'unavailable' ? `${tally}; ${fate}` : `${tally}, others refused (${code}); ${fate}`;
    case 'deadline':
      return `${tally} before the deadline; ${fate}`;
    case 'client-gone':
      return `the caller gave up when ${tally}; ${fate}`;
    case 'ticket-expired':
      return `ticket expired: ${tally}, others refused it (${code}); ${fate}`;
    case 'drift':
    case 'fenced':
    case 'ceiling':
    case 'not-ready':
    case 'unconfirmed':
    case 'storage':
      return `a newer version was met and ${stampRefusals[why]}; ${fate}`;
  }
}

const stampRefusals: Record<StampRefusal, string> = {
  drift: 'the clocks are too far apart to stamp above it',
  fenced: "this node's clock jumped, or disagrees with the other nodes' clocks",
  ceiling: 'the time until which the caller allowed a stamp is over',
  'not-ready': "this node's clock has not yet passed what it issued before its restart",
  unconfirmed: "this node's peers have not yet confirmed that its data directory is the newest",
  storage: "this node's disk did not take the clock's ceiling",
};

/** The first stamp was refused, or the ticket, so no record was handed to anybody. */
export function unstampedError(reason: StampRefusal, retryAfterMs?: number): KvError {
  const code = (
    {
      drift: 'clock-drift',
      fenced: 'clock-drift',
      ceiling: 'timeout',
      'not-ready': 'unavailable',
      unconfirmed: 'unavailable',
      storage: 'unavailable',
    } as const
  )[reason];
  const above =
    reason === 'drift' ? 'the clocks are too far apart to stamp this write' : stampRefusals[reason];
  return new KvError(code, `${above}; nothing was written`, { outcome: 'not-applied', retryAfterMs });
}

/** The call ended while it waited for its first stamp. */
export function neverSentError(why: 'deadline' | 'client-gone', cause: unknown): KvError {
  const what = why === 'deadline' ? 'the deadline passed' : 'the caller gave up';
  return new KvError('timeout', `${what} before anything was sent; nothing was written`, {
    outcome: 'not-applied',
    cause,
  });
}

/** No ticket: nothing was written, whatever the reason. */
export function ticketError(
  failure: TicketFailure,
  { cause, retryAfterMs }: { readonly cause: unknown; readonly retryAfterMs: number | undefined },
): KvError {
  if (!('code' in failure)) return unstampedError(failure.why, retryAfterMs);
  const { code, message, required, received, cause: reason } = readError(failure, cause);
  return new KvError(code, `no ticket: ${message}; nothing was written`, {
    outcome: 'not-applied',
    required,
    received,
    cause: reason,
  });
}

/** Whatever was thrown where a write is carried out, with the outcome that it has by then: a promise, or none. */
export function thrownError(thrown: unknown, outcome: Outcome): KvError {
  const { code, message, required, received, retryAfterMs, cause } = toKvError(thrown);
  return new KvError(code, message, { outcome, required, received, retryAfterMs, cause: cause ?? thrown });
}

export function readError(failure: ReadFailure, cause: unknown): KvError {
  const { why, code, required, received } = failure;
  const tally = `${received} of the ${required} replicas needed answered`;
  const message = (
    {
      'no-quorum': code === 'unavailable' ? tally : `${tally}, others refused (${code})`,
      deadline: `${tally} before the deadline`,
      'client-gone': `the caller gave up when ${tally}`,
      rounds: 'the read had to begin again too often',
    } as const
  )[why];
  return new KvError(code, message, {
    required,
    received,
    cause: why === 'client-gone' ? cause : undefined,
  });
}
