import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import { Floor, versionRead } from './floor.js';
import type { Version, WriteOperation } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import { hides, isStrong, isWrite, type KeyHistory } from './key-history.js';
import { sweep } from './sweep.js';
import { compareVersions, isSameVersion, textOfVersion } from './version-order.js';

/**
 * *Previous* (rule 13): the previous value that an acknowledged write reports is that of another write of the key that began
 * before this one ended, under a version below its own. At QUORUM, ALL and LINEARIZABLE it is also at least as new as
 * everything that was acknowledged or read at these levels before the write began; and `none` is reported only if nothing
 * was, or if a delete or an expiring put of another operation lies at least that high and below this write. `unknown` is
 * always allowed. It is information, no exchange: two concurrent writes may report one value, or each other.
 *
 * Judged: each acknowledged write that reports a value or none.
 */
export function checkPrevious(history: IndexedHistory, findings: Findings): void {
  for (const key of history.keys.values()) checkKey(key, findings);
}

function checkKey(key: KeyHistory, findings: Findings): void {
  const certain = new Floor();
  let hiding: HidingStamp[] | undefined;
  sweep(key, {
    ended: (operation) => {
      if (!isStrong(operation)) return;
      const version = isWrite(operation)
        ? operation.outcome === 'ok'
          ? operation.version
          : undefined
        : versionRead(operation);
      if (version !== undefined) certain.raise(version, operation);
    },
    began: (write) => {
      if (!isWrite(write) || write.outcome !== 'ok') return;
      const { previous } = write;
      if (previous.kind !== 'value' && previous.kind !== 'none') return;
      findings.judged += 1;
      const floor = isStrong(write) ? certain.version : undefined;
      const because =
        previous.kind === 'value'
          ? wrongValue(key, { write, value: previous.value, version: previous.version, floor })
          : wrongNone(write, floor, (hiding ??= hidingStamps(key)));
      if (because === undefined) return;
      findings.report(key.key, [write], () => `${because}: ${describeOperation(write)}`);
    },
  });
}

interface ValueReport {
  readonly write: WriteOperation;
  readonly value: string;
  readonly version: Version | undefined;
  readonly floor: Version | undefined;
}

function wrongValue(key: KeyHistory, report: ValueReport): string | undefined {
  const { write, value, version, floor } = report;
  const writer = key.writerOfValue(value);
  if (writer === undefined) return `reports ${value} as replaced, which nobody wrote`;
  if (writer === write) return 'reports its own value as replaced';
  if (writer.beganMs > write.endedMs) return `reports ${value} as replaced, which was not yet written`;
  const told = version === undefined ? '' : ` ${textOfVersion(version)}`;
  const isPossible = writer.stamps.some(
    (stamp) =>
      (version === undefined || isSameVersion(stamp.version, version)) &&
      compareVersions(stamp.version, write.version!) < 0 &&
      (floor === undefined || compareVersions(stamp.version, floor) >= 0),
  );
  if (isPossible) return undefined;
  const known = floor === undefined ? '' : `, though ${textOfVersion(floor)} was known`;
  return `reports ${value}${told} as replaced${known}`;
}

interface HidingStamp {
  readonly version: Version;
  readonly write: WriteOperation;
}

function wrongNone(
  write: WriteOperation,
  floor: Version | undefined,
  hiding: readonly HidingStamp[],
): string | undefined {
  if (floor === undefined) return undefined;
  let low = 0;
  let high = hiding.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareVersions(hiding[middle]!.version, floor) < 0) low = middle + 1;
    else high = middle;
  }
  // Only stamps of this very write are passed over, and it has few.
  while (hiding[low]?.write === write) low += 1;
  const found = hiding[low];
  if (found !== undefined && compareVersions(found.version, write.version!) < 0) return undefined;
  return `reports that nothing was replaced, though ${textOfVersion(floor)} was known`;
}

function hidingStamps(key: KeyHistory): HidingStamp[] {
  const found: HidingStamp[] = [];
  for (const write of key.writes) {
    if (!hides(write) || write.outcome === 'not-applied') continue;
    for (const { version, disowned } of write.stamps) if (!disowned) found.push({ version, write });
  }
  return found.sort((a, b) => compareVersions(a.version, b.version));
}
