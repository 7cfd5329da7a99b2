import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import { Floor, versionRead } from './floor.js';
import type { Version } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import { isStrong, isWrite, type KeyHistory } from './key-history.js';
import { compareVersions, textOfVersion } from './version-order.js';

/**
 * *Durable*: at the moment when a coordinator acknowledges a write, as many replicas as its level asks for hold that
 * version of the key or a newer one on stable storage (every level: at ONE it is one replica). And in the end, after the
 * liveness phase, some replica holds a version at least as new as every one that was acknowledged or read at QUORUM, ALL or
 * LINEARIZABLE.
 *
 * Judged: each acknowledgement of the evidence; each key with something acknowledged or read, if final states are given
 * (of all partitions, or of none).
 */
export function checkDurable(history: IndexedHistory, findings: Findings): void {
  const { acknowledgements = [], finals = [] } = history.history.evidence;
  for (const { operation: id, holders, required } of acknowledgements) {
    findings.judged += 1;
    if (holders >= required) continue;
    const operation = history.operation(id);
    findings.report(
      operation?.key,
      operation === undefined ? [] : [operation],
      () =>
        `acknowledged with ${holders} of ${required} replicas holding it: ${operation === undefined ? `#${id}` : describeOperation(operation)}`,
    );
  }
  if (finals.length === 0) return;
  const kept = new Map<string, Version>();
  for (const { records } of finals) {
    for (const { key, version } of records) {
      const newest = kept.get(key);
      if (newest === undefined || compareVersions(version, newest) > 0) kept.set(key, version);
    }
  }
  for (const key of history.keys.values()) checkKept(history, { key, kept: kept.get(key.key) }, findings);
}

function checkKept(
  history: IndexedHistory,
  { key, kept }: { key: KeyHistory; kept: Version | undefined },
  findings: Findings,
): void {
  const known = new Floor();
  for (const operation of key.ended) {
    if (!isStrong(operation)) continue;
    const version = isWrite(operation)
      ? operation.outcome === 'ok'
        ? operation.version
        : undefined
      : versionRead(operation);
    if (version !== undefined) known.raise(version, operation);
  }
  const { version, operation } = known;
  if (version === undefined || operation === undefined) return;
  findings.judged += 1;
  if (kept !== undefined && compareVersions(kept, version) >= 0) return;
  if (kept === undefined && history.history.purges === true && key.mayBeHidden(version, Infinity)) return;
  const left = kept === undefined ? 'nothing' : textOfVersion(kept);
  findings.report(key.key, [operation], () => `lost, ${left} is left: ${describeOperation(operation)}`);
}
