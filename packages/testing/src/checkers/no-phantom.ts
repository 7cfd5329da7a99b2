import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import type { FinalRecord } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import { hides, type KeyHistory } from './key-history.js';
import { textOfVersion } from './version-order.js';

/**
 * *No phantom*, at every level: a read that returns a value returns the value and a version of one write of that key, which
 * began before the read ended; a version that hides a key is that of a delete or of a put with a time to live. Every version
 * that a replica appended, and every record that it holds in the end, is that of a write of its key, with its bytes. And no
 * version belongs to two writes.
 *
 * Judged: each answered read, each appended version, each final record.
 */
export function checkNoPhantom(history: IndexedHistory, findings: Findings): void {
  for (const key of history.keys.values()) {
    for (const clash of key.clashes) {
      const tell = (): string => `one version, two writes: ${clash.map(describeOperation).join('; ')}`;
      findings.report(key.key, clash, tell);
    }
    for (let index = 0; index < key.reads.length; index += 1) checkRead(key, index, findings);
  }
  const { appended = [], finals = [] } = history.history.evidence;
  findings.judged += appended.length;
  for (let index = 0; index < appended.length; index += 1) {
    if (history.appendedWrites[index] !== undefined) continue;
    const { key, version } = appended[index]!;
    findings.report(key, [], () => `a replica stored ${key} ${textOfVersion(version)}, which nobody wrote`);
  }
  for (const { partition, replica, records } of finals) {
    for (const record of records) {
      findings.judged += 1;
      const wrong = wrongRecord(history.keys.get(record.key), record);
      if (wrong === undefined) continue;
      findings.report(record.key, [], () => `partition ${partition}, replica ${replica}: ${wrong}`);
    }
  }
}

function checkRead(key: KeyHistory, index: number, findings: Findings): void {
  const read = key.reads[index]!;
  const { answer } = read;
  findings.judged += 1;
  if (answer?.kind !== 'value' && answer?.kind !== 'hidden') return;
  const writer = key.writes[key.versionsRead[index]!];
  const because =
    writer === undefined
      ? 'nobody wrote it'
      : writer.beganMs > read.endedMs
        ? 'it was not yet written'
        : answer.kind === 'hidden'
          ? hides(writer)
            ? undefined
            : 'that write hides nothing'
          : writer.value === answer.value
            ? undefined
            : `that version is of ${describeOperation(writer)}`;
  if (because === undefined) return;
  const operations = writer === undefined ? [read] : [writer, read];
  findings.report(key.key, operations, () => `${because}: ${describeOperation(read)}`);
}

function wrongRecord(key: KeyHistory | undefined, { key: name, version, value }: FinalRecord) {
  const writer = key?.writerOf(version);
  const record = `${name} = ${value ?? 'tombstone'} ${textOfVersion(version)}`;
  if (writer === undefined) return `holds ${record}, which nobody wrote`;
  return writer.value === value
    ? undefined
    : `holds ${record}, but that version is of ${describeOperation(writer)}`;
}
