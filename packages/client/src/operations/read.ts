import { type FailedAttempt, runAttempts } from '../attempts/attempts.js';
import { failedAt } from '../attempts/attempt-failure.js';
import type { Contact, EndpointPool } from '../attempts/endpoint-pool.js';
import { createOperationScope, type OperationScope } from '../attempts/operation-scope.js';
import type { Clock, Random, Timers } from '../ports.js';
import type { CallOptions } from '../transport/transport.js';

export interface ReadPorts {
  readonly pool: EndpointPool;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
}

/** A read, retried freely: asking twice changes nothing. */
export function runRead<R>(
  send: (contact: Contact, options: CallOptions) => Promise<R>,
  scope: OperationScope,
  ports: ReadPorts,
  first?: FailedAttempt,
): Promise<R> {
  return runAttempts(
    {
      scope,
      kind: 'read',
      first,
      attempt: async (contact, timeoutMs) => {
        const attempt = createOperationScope({ timeoutMs, signal: scope.signal, what: 'the answer' }, ports);
        try {
          return await attempt.race(send(contact, { signal: attempt.signal, timeoutMs }));
        } catch (error) {
          throw failedAt(contact, error);
        } finally {
          attempt.release();
        }
      },
    },
    ports,
  );
}
