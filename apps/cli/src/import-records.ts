import { isKvError, KvError } from '@kv/errors';

import { createInFlight } from './in-flight.js';
import type { CliClient, CliIo } from './io.js';
import { type Line, readLines } from './lines.js';
import { parseRecordLine, type RecordLine } from './record-line.js';

export interface ImportCounts {
  imported: number;
  /** The store did not take them until their deadline. */
  failed: number;
  /** Not a record, or outside the limits. */
  invalid: number;
  /** Expired already. */
  skipped: number;
}

export interface ImportPorts {
  readonly client: Pick<CliClient, 'put'>;
  readonly io: Pick<CliIo, 'nowMs' | 'sleep'>;
  readonly signal: AbortSignal;
  readonly concurrency: number;
  /** Of one record, its retries included. */
  readonly deadlineMs: number;
  /** Of one put. */
  readonly timeoutMs: number;
  readonly onProgress: (bytesRead: number) => void;
  readonly onTrouble: (line: number, kind: 'failed' | 'invalid', error: unknown) => Promise<void>;
}

/** A value of 1 MiB of control characters, each escaped with six characters, and its key. */
const lineBytesMax = 8 * 1024 * 1024;

const pauseMsFirst = 50;
const pauseMsMax = 2_000;

/**
 * Stores every record of the input, whatever happens to the others. Rejects only if the input cannot be read, or with the
 * signal's reason; the counts are true at any time.
 */
export async function importRecords(
  input: AsyncIterable<Uint8Array>,
  counts: ImportCounts,
  ports: ImportPorts,
): Promise<void> {
  const inFlight = createInFlight({ max: ports.concurrency });
  const cluster: Cluster = { answers: 0, isAway: false };
  let bytesRead = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of input) {
      ports.signal.throwIfAborted();
      bytesRead += chunk.length;
      yield chunk;
    }
  }
  try {
    for await (const line of readLines(counted(), { lineBytesMax })) {
      ports.signal.throwIfAborted();
      const record = await parsed(line, counts, ports);
      if (record === undefined) continue;
      refuseAbsence(cluster, line, ports);
      await inFlight.start(nameOf(record.key), async () => {
        await importRecord(line.number, record, counts, cluster, ports);
        ports.onProgress(bytesRead);
      });
    }
  } finally {
    await inFlight.drained();
  }
  ports.signal.throwIfAborted();
}

/** What all records together have seen of the cluster. */
interface Cluster {
  /** Records that it stored, or refused for what they are. */
  answers: number;
  /** A record was retried until its deadline, and nothing was answered all that time. */
  isAway: boolean;
}

/** Without it every further record would be retried until its own deadline: days, for a long import. */
function refuseAbsence({ isAway }: Cluster, { number }: Line, { deadlineMs }: ImportPorts): void {
  if (!isAway) return;
  throw new KvError('unavailable', `no record was taken for ${deadlineMs} ms: stopped before line ${number}`);
}

async function parsed(line: Line, counts: ImportCounts, ports: ImportPorts): Promise<RecordLine | undefined> {
  try {
    if (line.bytes === undefined) throw new KvError('invalid-argument', `longer than ${lineBytesMax} bytes`);
    return parseRecordLine(line.bytes);
  } catch (error) {
    counts.invalid += 1;
    await ports.onTrouble(line.number, 'invalid', error);
    return undefined;
  }
}

async function importRecord(
  number: number,
  record: RecordLine,
  counts: ImportCounts,
  cluster: Cluster,
  ports: ImportPorts,
): Promise<void> {
  const answersBefore = cluster.answers;
  try {
    counts[await stored(record, ports)] += 1;
    cluster.answers += 1;
    cluster.isAway = false;
  } catch (error) {
    if (ports.signal.aborted) return; // Told once, for all.
    if (!mayRetry(error)) cluster.answers += 1;
    cluster.isAway = cluster.answers === answersBefore;
    const kind = isKvError(error) && error.code === 'invalid-argument' ? 'invalid' : 'failed';
    counts[kind] += 1;
    await ports.onTrouble(number, kind, error).catch(() => undefined);
  }
}

/** Puts until it succeeds, cannot, or the deadline passes. Repeating is safe: the record is the same, and so is the key. */
async function stored(
  { key, value, expiresAtMs }: RecordLine,
  { client, io, signal, deadlineMs, timeoutMs }: ImportPorts,
): Promise<'imported' | 'skipped'> {
  const endsAtMs = io.nowMs() + deadlineMs;
  for (let pauseMs = pauseMsFirst; ; pauseMs = Math.min(pauseMsMax, pauseMs * 2)) {
    const nowMs = io.nowMs();
    if (expiresAtMs !== undefined && expiresAtMs <= nowMs) return 'skipped';
    const ttlMs = expiresAtMs === undefined ? undefined : expiresAtMs - nowMs;
    try {
      const leftMs = Math.max(1, Math.min(timeoutMs, endsAtMs - nowMs));
      await client.put(key, value, { ttlMs, previous: false, timeoutMs: leftMs, signal });
      return 'imported';
    } catch (error) {
      const waitMs = isKvError(error) ? Math.max(pauseMs, error.retryAfterMs ?? 0) : pauseMs;
      if (signal.aborted || !mayRetry(error) || io.nowMs() + waitMs >= endsAtMs) throw error;
      await io.sleep(waitMs, signal);
    }
  }
}

function mayRetry(error: unknown): boolean {
  if (!isKvError(error)) return false;
  switch (error.code) {
    case 'invalid-argument':
    case 'unimplemented':
    case 'memory-full': // Nothing here makes room, and the other records would wait behind it.
    case 'closed':
      return false;
    case 'unavailable':
    case 'timeout':
    case 'overloaded':
    case 'disk-full':
    case 'clock-drift':
    case 'wrong-epoch':
    case 'corrupt':
    case 'internal':
      return true;
  }
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
