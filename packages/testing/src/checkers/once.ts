import { describeOperation } from './describe-operation.js';
import { EarliestOthers } from './earliest-others.js';
import type { Findings } from './findings.js';
import { versionRead } from './floor.js';
import type { ReadOperation, Version, WriteOperation } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import { isStrong, type KeyHistory } from './key-history.js';
import { isSameVersion, textOfVersion } from './version-order.js';

/**
 * *Once*: a write at LINEARIZABLE takes effect at most once, however often it is retried. Its value is never seen,
 * overwritten and seen again (three reads at QUORUM, ALL or LINEARIZABLE, each begun after the one before had ended: the
 * value, something else, the value); no replica appends it, and no read returns it, under two versions.
 *
 * A put at QUORUM or ALL may do so while it runs: it is stamped twice, and somebody may write in between. Here the
 * something else has to be read by a read that began after the put was acknowledged. What happened before is counted in
 * `returnsWhileRunning`; a put of unknown outcome counts as still running.
 *
 * Judged: each write at LINEARIZABLE that was stamped, each put at QUORUM or ALL that was read.
 */
export function checkOnce(history: IndexedHistory, findings: Findings): { returnsWhileRunning: number } {
  let returnsWhileRunning = 0;
  const stored = storedVersions(history);
  for (const key of history.keys.values()) {
    for (const write of key.writes) {
      if (write.level === 'linearizable' && write.stamps.length > 0) findings.judged += 1;
    }
    checkVersions(key, stored, findings);
    returnsWhileRunning += checkReturns(key, findings);
  }
  return { returnsWhileRunning };
}

/** The first appended version of each write at LINEARIZABLE; a second one is noted beside it. */
type StoredVersions = Map<WriteOperation, { first: Version; second: Version | undefined }>;

function storedVersions({ history, appendedWrites }: IndexedHistory): StoredVersions {
  const stored: StoredVersions = new Map();
  const { appended = [] } = history.evidence;
  for (let index = 0; index < appended.length; index += 1) {
    const write = appendedWrites[index];
    if (write?.level === 'linearizable') note(stored, write, appended[index]!.version);
  }
  return stored;
}

function note(stored: StoredVersions, write: WriteOperation, version: Version): void {
  const known = stored.get(write);
  if (known === undefined) stored.set(write, { first: version, second: undefined });
  else if (!isSameVersion(known.first, version)) known.second = version;
}

function checkVersions(key: KeyHistory, stored: StoredVersions, findings: Findings): void {
  for (let index = 0; index < key.reads.length; index += 1) {
    const write = key.writes[key.versionsRead[index]!];
    if (write?.level === 'linearizable') note(stored, write, versionRead(key.reads[index]!)!);
  }
  for (const write of key.writes) {
    const versions = stored.get(write);
    const second = versions?.second;
    if (versions === undefined || second === undefined) continue;
    const both = `${textOfVersion(versions.first)} and ${textOfVersion(second)}`;
    findings.report(key.key, [write], () => `took effect as ${both}: ${describeOperation(write)}`);
  }
}

function checkReturns(key: KeyHistory, findings: Findings): number {
  let others: EarliestOthers | undefined;
  let returns = 0;
  const { firstRead, lastRead, firstEndedMs } = sightingsOf(key);
  for (let index = 0; index < key.writes.length; index += 1) {
    if (firstRead[index]! < 0) continue;
    const write = key.writes[index]!;
    const last = key.reads[lastRead[index]!]!;
    const seenAtMs = firstEndedMs[index]!;
    const isTicketed = write.level === 'linearizable';
    if (!isTicketed) findings.judged += 1;
    if (last.beganMs <= seenAtMs) continue;
    others ??= new EarliestOthers(key);
    const between = (afterMs: number): ReadOperation | undefined => {
      const other = others!.endedFirst(afterMs, index);
      return other !== undefined && other.endedMs < last.beganMs ? other : undefined;
    };
    if (between(seenAtMs) === undefined) continue;
    const runsUntilMs = isTicketed ? -Infinity : write.outcome === 'ok' ? write.endedMs : Infinity;
    const overwritten = between(Math.max(seenAtMs, runsUntilMs));
    if (overwritten === undefined) {
      returns += 1;
      continue;
    }
    const story = [write, key.reads[firstRead[index]!]!, overwritten, last];
    const tell = (): string => `seen, overwritten, seen again: ${story.map(describeOperation).join('; ')}`;
    findings.report(key.key, story, tell);
  }
  return returns;
}

/** What reads saw of each write, by its index: the first and the last of them to begin (-1: none), when the first ended. */
interface Sightings {
  readonly firstRead: Int32Array;
  readonly lastRead: Int32Array;
  readonly firstEndedMs: Float64Array;
}

function sightingsOf({ reads, writes, valuesRead }: KeyHistory): Sightings {
  const firstRead = new Int32Array(writes.length).fill(-1);
  const lastRead = new Int32Array(writes.length).fill(-1);
  const firstEndedMs = new Float64Array(writes.length).fill(Infinity);
  for (let index = 0; index < reads.length; index += 1) {
    const read = reads[index]!;
    const write = valuesRead[index]!;
    if (write < 0 || !isStrong(read) || !isStrong(writes[write]!)) continue;
    if (firstRead[write]! < 0) firstRead[write] = index;
    lastRead[write] = index;
    if (read.endedMs < firstEndedMs[write]!) firstEndedMs[write] = read.endedMs;
  }
  return { firstRead, lastRead, firstEndedMs };
}
