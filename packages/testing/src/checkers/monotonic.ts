import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import { Floor, isReadBelow, versionRead } from './floor.js';
import type { Operation, ReadOperation } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import { isStrong, isWrite, type KeyHistory } from './key-history.js';
import { sweep } from './sweep.js';
import { isSameVersion } from './version-order.js';

/**
 * *Monotonic*: a read at QUORUM, ALL or LINEARIZABLE that began after another such read had ended returns no older
 * version, whoever wrote it at whatever level; and a version that a read found deleted or expired is not alive for a later
 * one.
 *
 * Judged: each answered read at those levels against the newest version told by reads that ended before it began.
 */
export function checkMonotonic(history: IndexedHistory, findings: Findings): void {
  for (const key of history.keys.values()) checkKey(history, key, findings);
}

function checkKey(history: IndexedHistory, key: KeyHistory, findings: Findings): void {
  const seen = new Floor();
  /** Newest version found hidden. An older one that comes back is older than what was read, too. */
  const hidden = new Floor();
  const isTold = (operation: Operation): operation is ReadOperation =>
    !isWrite(operation) && isStrong(operation) && operation.answer !== undefined;
  sweep(key, {
    ended: (operation) => {
      if (!isTold(operation)) return;
      const version = versionRead(operation);
      if (version === undefined) return;
      seen.raise(version, operation);
      if (operation.answer?.kind === 'hidden') hidden.raise(version, operation);
    },
    began: (read) => {
      if (!isTold(read) || seen.version === undefined) return;
      findings.judged += 1;
      if (isReadBelow(read, seen.version, { history, key })) {
        const before = seen.operation!;
        findings.report(
          key.key,
          [before, read],
          () => `older than what was read before: ${describeOperation(before)}; ${describeOperation(read)}`,
        );
        return;
      }
      const { answer } = read;
      const isBack =
        answer?.kind === 'value' &&
        hidden.version !== undefined &&
        isSameVersion(answer.version, hidden.version);
      if (!isBack) return;
      const before = hidden.operation!;
      findings.report(
        key.key,
        [before, read],
        () => `expired, then alive again: ${describeOperation(before)}; ${describeOperation(read)}`,
      );
    },
  });
}
