import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import type { ReadOperation, WriteOperation } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import type { KeyHistory } from './key-history.js';
import { isSameVersion } from './version-order.js';

/**
 * *Expiry*, at every level, as exact as the clocks of the run were: a put with a time to live is not found expired earlier
 * than so long after it began, nor alive later than so long after it was acknowledged, but for the tolerance that the
 * history names. (That what was once seen expired stays expired is *monotonic*.)
 *
 * Judged: each read whose version is of a put with a known time to live, in histories that name a tolerance.
 */
export function checkExpiry(history: IndexedHistory, findings: Findings): void {
  const toleranceMs = history.history.expiryToleranceMs;
  if (toleranceMs === undefined) return;
  for (const key of history.keys.values()) {
    for (let index = 0; index < key.reads.length; index += 1) {
      const read = key.reads[index]!;
      const put = putOf(key, index);
      if (put === undefined) continue;
      findings.judged += 1;
      const wrong = wrongTime(put, { read, toleranceMs });
      if (wrong === undefined) continue;
      const tell = (): string =>
        `${wrong}, lives for ${put.ttlMs} ms: ${describeOperation(put)}; ${describeOperation(read)}`;
      findings.report(key.key, [put, read], tell);
    }
  }
}

type ExpiringPut = WriteOperation & { readonly ttlMs: number };

function putOf(key: KeyHistory, read: number): ExpiringPut | undefined {
  const writer = key.writes[key.versionsRead[read]!];
  return writer?.kind === 'put' && writer.ttlMs !== undefined && writer.ttlMs > 0
    ? (writer as ExpiringPut)
    : undefined;
}

function wrongTime(
  put: ExpiringPut,
  { read, toleranceMs }: { readonly read: ReadOperation; readonly toleranceMs: number },
): string | undefined {
  const { answer } = read;
  if (answer?.kind === 'hidden') {
    const isEarly = read.endedMs < put.beganMs + put.ttlMs - toleranceMs;
    return isEarly ? 'expired too early' : undefined;
  }
  // A version that was not acknowledged may have been stamped at any time since.
  if (answer?.kind !== 'value' || put.version === undefined) return undefined;
  if (!isSameVersion(put.version, answer.version)) return undefined;
  return read.beganMs > put.endedMs + put.ttlMs + toleranceMs ? 'alive too long' : undefined;
}
