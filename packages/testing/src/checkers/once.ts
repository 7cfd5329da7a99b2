import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import { versionRead } from './floor.js';
import type { ReadOperation, Version, WriteOperation } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import { isStrong, isWrite, type KeyHistory } from './key-history.js';
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

function storedVersions({ history, keys }: IndexedHistory): StoredVersions {
  const stored: StoredVersions = new Map();
  for (const { key, version } of history.evidence.appended ?? []) {
    const write = keys.get(key)?.writerOf(version);
    if (write !== undefined) note(stored, write, version);
  }
  return stored;
}

function note(stored: StoredVersions, write: WriteOperation, version: Version): void {
  if (write.level !== 'linearizable') return;
  const known = stored.get(write);
  if (known === undefined) stored.set(write, { first: version, second: undefined });
  else if (!isSameVersion(known.first, version)) known.second = version;
}

function checkVersions(key: KeyHistory, stored: StoredVersions, findings: Findings): void {
  for (const operation of key.began) {
    if (isWrite(operation)) continue;
    const version = versionRead(operation);
    const write = version === undefined ? undefined : key.writerOf(version);
    if (write !== undefined) note(stored, write, version!);
  }
  for (const write of key.writes) {
    const versions = stored.get(write);
    const second = versions?.second;
    if (versions === undefined || second === undefined) continue;
    const both = `${textOfVersion(versions.first)} and ${textOfVersion(second)}`;
    findings.report(key.key, [write], () => `took effect as ${both}: ${describeOperation(write)}`);
  }
}

/** What reads saw of one put. */
interface Sightings {
  readonly first: ReadOperation;
  last: ReadOperation;
  firstEndedMs: number;
}

function checkReturns(key: KeyHistory, findings: Findings): number {
  const reads = key.began.filter(
    (operation): operation is ReadOperation =>
      !isWrite(operation) && isStrong(operation) && operation.answer !== undefined,
  );
  const seenWrites = reads.map(({ answer }) =>
    answer?.kind === 'value' ? key.writerOfValue(answer.value) : undefined,
  );
  const sightings = new Map<WriteOperation, Sightings>();
  for (let index = 0; index < reads.length; index += 1) {
    const write = seenWrites[index];
    if (write === undefined || !isStrong(write)) continue;
    const read = reads[index]!;
    const known = sightings.get(write);
    if (known === undefined) sightings.set(write, { first: read, last: read, firstEndedMs: read.endedMs });
    else {
      known.last = read;
      if (read.endedMs < known.firstEndedMs) known.firstEndedMs = read.endedMs;
    }
  }
  let others: EarliestOthers | undefined;
  let returns = 0;
  for (const [write, { first, last, firstEndedMs }] of sightings) {
    const isTicketed = write.level === 'linearizable';
    if (!isTicketed) findings.judged += 1;
    if (last.beganMs <= firstEndedMs) continue;
    others ??= new EarliestOthers(reads, seenWrites);
    const between = (afterMs: number): ReadOperation | undefined => {
      const other = others!.endedFirst(afterMs, write);
      return other !== undefined && other.endedMs < last.beganMs ? other : undefined;
    };
    if (between(firstEndedMs) === undefined) continue;
    const runsUntilMs = isTicketed ? -Infinity : write.outcome === 'ok' ? write.endedMs : Infinity;
    const overwritten = between(Math.max(firstEndedMs, runsUntilMs));
    if (overwritten === undefined) returns += 1;
    else {
      const story = [write, first, overwritten, last];
      findings.report(
        key.key,
        story,
        () => `seen, overwritten, seen again: ${story.map(describeOperation).join('; ')}`,
      );
    }
  }
  return returns;
}

/** Which of the reads that began after a moment, and saw something else than a given write, ended first. */
class EarliestOthers {
  readonly #reads: readonly ReadOperation[];
  readonly #seen: readonly (WriteOperation | undefined)[];
  /** Of the reads from this index on: the one that ended first; and the first that ended of those that saw another. */
  readonly #first: Int32Array;
  readonly #second: Int32Array;

  constructor(reads: readonly ReadOperation[], seen: readonly (WriteOperation | undefined)[]) {
    this.#reads = reads;
    this.#seen = seen;
    const first = (this.#first = new Int32Array(reads.length + 1).fill(-1));
    const second = (this.#second = new Int32Array(reads.length + 1).fill(-1));
    const endOf = (index: number): number => (index < 0 ? Infinity : reads[index]!.endedMs);
    for (let index = reads.length - 1; index >= 0; index -= 1) {
      const best = first[index + 1]!;
      const next = second[index + 1]!;
      const isSame = best >= 0 && seen[best] === seen[index];
      if (endOf(index) < endOf(best)) {
        first[index] = index;
        second[index] = isSame ? next : best;
      } else {
        first[index] = best;
        second[index] = !isSame && endOf(index) < endOf(next) ? index : next;
      }
    }
  }

  endedFirst(afterMs: number, write: WriteOperation): ReadOperation | undefined {
    let low = 0;
    let high = this.#reads.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#reads[middle]!.beganMs > afterMs) high = middle;
      else low = middle + 1;
    }
    const best = this.#first[low]!;
    if (best < 0) return undefined;
    const index = this.#seen[best] === write ? this.#second[low]! : best;
    return index < 0 ? undefined : this.#reads[index];
  }
}
