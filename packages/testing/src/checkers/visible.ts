import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import { Floor, isReadBelow } from './floor.js';
import type { IndexedHistory } from './indexed-history.js';
import { isStrong, isWrite } from './key-history.js';
import { sweep } from './sweep.js';

/**
 * *Visible*: a read at QUORUM, ALL or LINEARIZABLE that began after a write at one of these levels was acknowledged
 * returns that write's version or a newer one; "not found" counts as the version of the tombstone or expired record that
 * hides the key, and as older than everything if no replica knew the key (unless tombstones may have been purged).
 *
 * Judged: each answered read at those levels against the newest version acknowledged to any client before it began.
 */
export function checkVisible(history: IndexedHistory, findings: Findings): void {
  for (const key of history.keys.values()) {
    const acknowledged = new Floor();
    sweep(key, {
      ended: (operation) => {
        if (isWrite(operation) && isStrong(operation) && operation.outcome === 'ok') {
          acknowledged.raise(operation.version!, operation);
        }
      },
      began: (read) => {
        if (isWrite(read) || !isStrong(read) || read.answer === undefined) return;
        const { version, operation: write } = acknowledged;
        if (version === undefined) return;
        findings.judged += 1;
        if (!isReadBelow(read, version, { history, key })) return;
        findings.report(
          key.key,
          [write!, read],
          () => `acknowledged, then not seen: ${describeOperation(write!)}; ${describeOperation(read)}`,
        );
      },
    });
  }
}
