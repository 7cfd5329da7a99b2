import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import { Floor, versionRead } from './floor.js';
import type { Operation, WriteOperation } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import { isStrong, isWrite, type KeyHistory } from './key-history.js';
import { sweep } from './sweep.js';
import { compareVersions } from './version-order.js';

/**
 * *Later wins*: an acknowledged write at QUORUM, ALL or LINEARIZABLE has a version above
 *
 * - every stamp of every attempt of a write at these levels that was acknowledged before it began, those that no client
 *   learnt of and those issued later included;
 * - every version that a read at these levels returned before it began;
 * - every stamp of every attempt of the same client's earlier writes at these levels whose outcome is unknown.
 *
 * So whatever still travels of an earlier write loses to it, whatever the clocks say. It is judged over stamps because
 * acknowledged versions alone hide two losses: an acknowledgement of an old stamp that arrives after a second one was
 * issued, and an abandoned attempt that comes back. Stamps of attempts answered `not applied` do not count: nothing of
 * them may exist, which *honest outcome* judges.
 *
 * Judged: each acknowledged write at those levels that something came before.
 */
export function checkLaterWins(history: IndexedHistory, findings: Findings): void {
  for (const key of history.keys.values()) checkKey(key, findings);
}

function checkKey(key: KeyHistory, findings: Findings): void {
  const beaten = new Floor();
  /** By client. */
  const abandoned = new Map<number, Floor>();
  sweep(key, {
    ended: (operation) => {
      if (!isStrong(operation)) return;
      if (!isWrite(operation)) {
        const version = versionRead(operation);
        if (version !== undefined) beaten.raise(version, operation);
      } else if (operation.outcome === 'ok') {
        beaten.raise(operation.version!, operation);
        beaten.raiseByStamps(operation);
      } else if (operation.outcome === 'unknown') {
        floorOf(abandoned, operation).raiseByStamps(operation);
      }
    },
    began: (write) => {
      if (!isWrite(write) || !isStrong(write) || write.outcome !== 'ok') return;
      const own = abandoned.get(write.client);
      if (beaten.version === undefined && own?.version === undefined) return;
      findings.judged += 1;
      const winner = [beaten, own].find(
        (floor) => floor?.version !== undefined && compareVersions(write.version!, floor.version) <= 0,
      );
      if (winner !== undefined) report(key, { earlier: winner.operation!, later: write }, findings);
    },
  });
}

function floorOf(abandoned: Map<number, Floor>, { client }: WriteOperation): Floor {
  let floor = abandoned.get(client);
  if (floor === undefined) abandoned.set(client, (floor = new Floor()));
  return floor;
}

function report(
  { key }: KeyHistory,
  { earlier, later }: { earlier: Operation; later: WriteOperation },
  findings: Findings,
): void {
  findings.report(
    key,
    [earlier, later],
    () => `the later one does not win: ${describeOperation(earlier)}; ${describeOperation(later)}`,
  );
}
