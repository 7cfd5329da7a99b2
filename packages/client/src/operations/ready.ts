import { KvError } from '@kv/errors';

import type { EndpointPool } from '../attempts/endpoint-pool.js';
import { backoffMsFirst, backoffMsMax, contactTimeoutMs } from '../limits.js';
import type { OperationScope } from '../attempts/operation-scope.js';

/** Asks until an endpoint serves, with no bound but the scope's: waiting for a cluster to start is what it is for. */
export async function runReady(
  scope: OperationScope,
  { pool }: { readonly pool: EndpointPool },
): Promise<void> {
  let last: unknown;
  for (let pauseMs = backoffMsFirst; ; pauseMs = Math.min(backoffMsMax, pauseMs * 2)) {
    try {
      const contact = await pool.acquire(scope);
      const call = { signal: scope.signal, timeoutMs: contactTimeoutMs };
      const { serving } = await scope.race(contact.connection.status({}, call));
      if (serving) return;
      last = new KvError('unavailable', `${contact.endpoint} answers, and does not serve yet`);
      pool.blame(contact);
    } catch (error) {
      if (scope.endedBy !== undefined) throw ended(scope, last);
      last = error;
    }
    await scope.sleep(pauseMs).catch(() => {
      throw ended(scope, last);
    });
  }
}

function ended(scope: OperationScope, cause: unknown): unknown {
  if (scope.endedBy !== 'deadline') return scope.signal.reason;
  const why = cause instanceof Error ? `: ${cause.message}` : '';
  return new KvError('timeout', `the cluster was not ready within ${scope.timeoutMs} ms${why}`, { cause });
}
