import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import type { Version, WriteOperation } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import type { KeyHistory } from './key-history.js';
import { isSameVersion, textOfVersion } from './version-order.js';

/**
 * *Honest outcome*, at every level: of a write answered `not applied`, and of an attempt answered so, nothing exists: no
 * replica ever appended one of its stamps, no read returned its value or version, no write reported it as the previous
 * value. And a write answered `ok` tells a version that it was stamped with.
 *
 * Judged: each write that ended `ok` or `not applied`, and each attempt that was disowned.
 */
export function checkHonestOutcome(history: IndexedHistory, findings: Findings): void {
  /** Writes of which something, or all, was answered `not applied`: few. */
  const denied = new Set<WriteOperation>();
  for (const key of history.keys.values()) {
    for (const write of key.writes) {
      const isPartlyDenied = write.outcome === 'not-applied' || write.stamps.some(({ disowned }) => disowned);
      if (isPartlyDenied) denied.add(write);
      if (isPartlyDenied || write.outcome === 'ok') findings.judged += 1;
      if (write.outcome === 'ok') checkVersion(key, write, findings);
    }
  }
  if (denied.size === 0) return;
  for (const key of history.keys.values()) {
    for (const write of key.writes) checkPreviousReport(key, { write, denied }, findings);
    for (let index = 0; index < key.reads.length; index += 1) checkRead(key, { index, denied }, findings);
  }
  const { appended = [] } = history.history.evidence;
  for (let index = 0; index < appended.length; index += 1) {
    const writer = history.appendedWrites[index];
    if (writer === undefined || !denied.has(writer)) continue;
    const { version } = appended[index]!;
    if (!isDenied(writer, version)) continue;
    findings.report(
      writer.key,
      [writer],
      () => `answered "not applied", but ${textOfVersion(version)} was stored: ${describeOperation(writer)}`,
    );
  }
}

function checkVersion(key: KeyHistory, write: WriteOperation, findings: Findings): void {
  const { stamps, version } = write;
  if (stamps.some((stamp) => !stamp.disowned && isSameVersion(stamp.version, version!))) return;
  const tell = (): string => `told a version that is not its own: ${describeOperation(write)}`;
  findings.report(key.key, [write], tell);
}

type Denied = ReadonlySet<WriteOperation>;

function checkPreviousReport(
  key: KeyHistory,
  { write, denied }: { write: WriteOperation; denied: Denied },
  findings: Findings,
): void {
  const { previous } = write;
  if (previous.kind !== 'value') return;
  const replaced = key.writerOfValue(previous.value);
  if (replaced === undefined || !denied.has(replaced) || !isDenied(replaced, previous.version)) return;
  findings.report(
    key.key,
    [replaced, write],
    () =>
      `answered "not applied", but reported as replaced: ${describeOperation(replaced)}; ${describeOperation(write)}`,
  );
}

function checkRead(
  key: KeyHistory,
  { index, denied }: { index: number; denied: Denied },
  findings: Findings,
): void {
  const read = key.reads[index]!;
  const { answer } = read;
  if (answer?.kind !== 'value' && answer?.kind !== 'hidden') return;
  const byVersion = key.writes[key.versionsRead[index]!];
  const byValue = key.writes[key.valuesRead[index]!];
  const writer =
    byVersion !== undefined && denied.has(byVersion) && isDenied(byVersion, answer.version)
      ? byVersion
      : byValue?.outcome === 'not-applied'
        ? byValue
        : undefined;
  if (writer === undefined) return;
  findings.report(
    key.key,
    [writer, read],
    () => `answered "not applied", but read: ${describeOperation(writer)}; ${describeOperation(read)}`,
  );
}

function isDenied({ outcome, stamps }: WriteOperation, version: Version | undefined): boolean {
  if (outcome === 'not-applied') return true;
  if (version === undefined) return stamps.length > 0 && stamps.every(({ disowned }) => disowned);
  return stamps.some((stamp) => stamp.disowned && isSameVersion(stamp.version, version));
}
