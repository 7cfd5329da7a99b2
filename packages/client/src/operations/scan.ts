import { KvError } from '@kv/errors';
import type { ScanEntry, ScanRequest, ScanResponse } from '@kv/proto';

import type { Contact } from '../attempts/endpoint-pool.js';
import { createOperationScope, type OperationScope } from '../attempts/operation-scope.js';
import { type ReadPorts, runRead } from './read.js';

/** Gives each answer of a scan the caller's signal and the time-out; throws once the client is closed. */
export type WithScope = <T>(work: (scope: OperationScope) => Promise<T>) => Promise<T>;

interface OpenStream {
  readonly contact: Contact;
  readonly answers: AsyncIterator<ScanResponse>;
  readonly end: () => void;
}

/**
 * The entries of a scan. Each answer names the key behind which a later scan goes on; when a connection breaks, or a stream
 * ends without saying that it is complete, the next one begins there, so that no key comes twice. Each answer has the
 * time-out for itself: a whole scan may take hours.
 */
export async function* runScan(
  request: ScanRequest,
  withScope: WithScope,
  ports: ReadPorts,
): AsyncGenerator<ScanEntry, void, undefined> {
  let { after } = request;
  let left = request.limit === 0 ? Infinity : request.limit;
  let stream: OpenStream | undefined;

  const open = async (contact: Contact, signal: AbortSignal): Promise<ScanResponse> => {
    const controller = new AbortController();
    const { closing } = ports.pool;
    const end = (): void => {
      closing.removeEventListener('abort', end);
      controller.abort();
    };
    // Until the first answer the attempt's signal rules; afterwards the stream outlives the attempt.
    signal.addEventListener('abort', end, { once: true });
    closing.addEventListener('abort', end, { once: true });
    const rest = { ...request, after, limit: left === Infinity ? 0 : left };
    const answers = contact.connection.scan(rest, { signal: controller.signal })[Symbol.asyncIterator]();
    const opened = { contact, answers, end };
    try {
      const answer = await answerOf(opened);
      stream = opened;
      return answer;
    } catch (error) {
      end();
      throw error;
    }
  };

  const nextAnswer = async (scope: OperationScope): Promise<ScanResponse> => {
    if (stream !== undefined) {
      try {
        return await continued(stream, scope, ports);
      } catch {
        // Whatever it was: a new stream meets it again, or does not, and is retried as any read.
        stream.end();
        if (scope.endedBy === undefined) ports.pool.blame(stream.contact);
        stream = undefined;
      }
    }
    return runRead((contact, { signal }) => open(contact, signal), scope, ports);
  };

  try {
    for (;;) {
      const { entries, next } = await withScope(nextAnswer);
      for (const entry of entries) {
        yield entry;
        left -= 1;
        if (left === 0) return;
      }
      if (next.length === 0) return;
      if (next.equals(after))
        throw new KvError('internal', 'the scan does not advance: a node named the same key twice');
      after = Buffer.from(next);
    }
  } finally {
    stream?.end();
  }
}

async function answerOf({ answers, contact }: OpenStream): Promise<ScanResponse> {
  const result: IteratorResult<ScanResponse, unknown> = await answers.next();
  if (result.done !== true) return result.value;
  throw new KvError('unavailable', `${contact.endpoint}: the scan was cut short`);
}

/** Half of the time for the stream that is open, so that another one can be opened in the rest. */
async function continued(stream: OpenStream, scope: OperationScope, ports: ReadPorts): Promise<ScanResponse> {
  const attempt = createOperationScope(
    {
      timeoutMs: Math.max(1, Math.ceil(scope.remainingMs() / 2)),
      signal: scope.signal,
      what: 'the next answer',
    },
    ports,
  );
  try {
    return await attempt.race(answerOf(stream));
  } finally {
    attempt.release();
  }
}
