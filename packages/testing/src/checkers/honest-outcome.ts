import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import type { ReadOperation, Version, WriteOperation } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import { isWrite, type KeyHistory } from './key-history.js';
import { isSameVersion, textOfVersion } from './version-order.js';

/**
 * *Honest outcome*, at every level: of a write answered `not applied`, and of an attempt answered so, nothing exists: no
 * replica ever appended one of its stamps, no read returned its value or version, no write reported it as the previous
 * value. And a write answered `ok` tells a version that it was stamped with.
 *
 * Judged: each write that ended `ok` or `not applied`, and each attempt that was disowned.
 */
export function checkHonestOutcome(history: IndexedHistory, findings: Findings): void {
  for (const key of history.keys.values()) {
    for (const operation of key.began) {
      if (isWrite(operation)) checkWrite(key, operation, findings);
      else checkRead(key, operation, findings);
    }
  }
  for (const { key: name, version } of history.history.evidence.appended ?? []) {
    const key = history.keys.get(name);
    const writer = key?.writerOf(version);
    if (key === undefined || writer === undefined || !isDenied(writer, version)) continue;
    findings.report(
      name,
      [writer],
      () => `answered "not applied", but ${textOfVersion(version)} was stored: ${describeOperation(writer)}`,
    );
  }
}

function checkWrite(key: KeyHistory, write: WriteOperation, findings: Findings): void {
  const { outcome, version, previous, stamps } = write;
  if (outcome !== 'unknown' || stamps.some(({ disowned }) => disowned)) findings.judged += 1;
  if (outcome === 'ok') {
    const isOwn = stamps.some((stamp) => !stamp.disowned && isSameVersion(stamp.version, version!));
    if (!isOwn) {
      const tell = (): string => `told a version that is not its own: ${describeOperation(write)}`;
      findings.report(key.key, [write], tell);
    }
  }
  if (previous.kind !== 'value') return;
  const replaced = key.writerOfValue(previous.value);
  if (replaced === undefined || !isDenied(replaced, previous.version)) return;
  findings.report(
    key.key,
    [replaced, write],
    () =>
      `answered "not applied", but reported as replaced: ${describeOperation(replaced)}; ${describeOperation(write)}`,
  );
}

function checkRead(key: KeyHistory, read: ReadOperation, findings: Findings): void {
  const { answer } = read;
  if (answer?.kind !== 'value' && answer?.kind !== 'hidden') return;
  let writer = key.writerOf(answer.version);
  let denied = writer !== undefined && isDenied(writer, answer.version);
  if (!denied && answer.kind === 'value') {
    writer = key.writerOfValue(answer.value);
    denied = writer?.outcome === 'not-applied';
  }
  if (writer === undefined || !denied) return;
  const source = writer;
  findings.report(
    key.key,
    [source, read],
    () => `answered "not applied", but read: ${describeOperation(source)}; ${describeOperation(read)}`,
  );
}

function isDenied({ outcome, stamps }: WriteOperation, version: Version | undefined): boolean {
  if (outcome === 'not-applied') return true;
  if (version === undefined) return stamps.length > 0 && stamps.every(({ disowned }) => disowned);
  return stamps.some((stamp) => stamp.disowned && isSameVersion(stamp.version, version));
}
