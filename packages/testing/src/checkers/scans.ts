import { describeScan } from './describe-operation.js';
import type { Findings } from './findings.js';
import { Floor, versionRead } from './floor.js';
import type { ReadOperation, Scan, ScannedEntry } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import { isStrong, isWrite, type KeyHistory } from './key-history.js';
import { compareVersions, isSameVersion, textOfVersion } from './version-order.js';

/**
 * *Scans*, at every level: no key comes twice, and each entry is value and version of one put of its key, which began before
 * the scan ended. At QUORUM and ALL also: each entry is at least as new as every write at these levels that was acknowledged,
 * and every version that a read at these levels told, before the scan began; and a key of which something was so known is
 * left out of a scan that came to its end only if a delete or an expiring put may hide it. What a read before the scan found
 * expired is not among its entries.
 *
 * A scan is no snapshot, and it does not wait until others can see what it shows: nothing follows from it for later reads.
 *
 * Judged: each entry; and for each scan that came to its end each key that it left out.
 */
export function checkScans(history: IndexedHistory, findings: Findings): void {
  const scans = [...(history.history.scans ?? [])].sort((a, b) => a.beganMs - b.beganMs);
  if (scans.length === 0) return;
  const judged = scans.map((scan): JudgedScan => ({ scan, entries: entriesOf(scan, findings) }));
  for (const { scan, entries } of judged) {
    for (const entry of entries.values()) {
      findings.judged += 1;
      const wrong = wrongEntry(history.keys.get(entry.key), { entry, scan });
      if (wrong === undefined) continue;
      findings.report(entry.key, [], () => `${wrong}: ${describeEntry(scan, entry)}`);
    }
  }
  for (const key of history.keys.values()) checkKey(key, judged, findings);
}

interface JudgedScan {
  readonly scan: Scan;
  readonly entries: ReadonlyMap<string, ScannedEntry>;
}

function entriesOf(scan: Scan, findings: Findings): Map<string, ScannedEntry> {
  const entries = new Map<string, ScannedEntry>();
  for (const entry of scan.entries) {
    if (entries.has(entry.key)) {
      findings.report(entry.key, [], () => `the key came twice: ${describeEntry(scan, entry)}`);
    }
    entries.set(entry.key, entry);
  }
  return entries;
}

function wrongEntry(
  key: KeyHistory | undefined,
  { entry, scan }: { readonly entry: ScannedEntry; readonly scan: Scan },
): string | undefined {
  const writer = key?.writerOf(entry.version);
  if (writer === undefined) return 'nobody wrote it';
  if (writer.beganMs > scan.endedMs) return 'it was not yet written';
  return writer.value === entry.value ? undefined : 'that version has another value';
}

/** Scans in the order in which they began, beside what was known of the key by then. */
function checkKey(key: KeyHistory, scans: readonly JudgedScan[], findings: Findings): void {
  const known = new Floor();
  const hidden = new Floor();
  let next = 0;
  for (const { scan, entries } of scans) {
    if (scan.level === 'one') continue;
    for (; next < key.ended.length && key.ended[next]!.endedMs < scan.beganMs; next += 1) {
      const operation = key.ended[next]!;
      if (!isStrong(operation)) continue;
      if (!isWrite(operation)) {
        const version = versionRead(operation);
        if (version !== undefined) known.raise(version, operation);
        if (version !== undefined && isHidden(operation)) hidden.raise(version, operation);
      } else if (operation.outcome === 'ok') known.raise(operation.version!, operation);
    }
    if (known.version === undefined) continue;
    const entry = entries.get(key.key);
    if (entry === undefined && !scan.complete) continue;
    findings.judged += 1;
    const wrong =
      entry === undefined
        ? key.mayBeHidden(known.version, scan.endedMs)
          ? undefined
          : 'left out, though it was there'
        : compareVersions(entry.version, known.version) < 0
          ? 'older than what was known before'
          : hidden.version !== undefined && isSameVersion(entry.version, hidden.version)
            ? 'expired, then alive again'
            : undefined;
    if (wrong === undefined) continue;
    findings.report(key.key, [known.operation!], () => {
      const shown = entry === undefined ? describeScan(scan) : describeEntry(scan, entry);
      return `${wrong} (${textOfVersion(known.version!)}): ${shown}`;
    });
  }
}

function isHidden({ answer }: ReadOperation): boolean {
  return answer?.kind === 'hidden';
}

function describeEntry(scan: Scan, { key, value, version }: ScannedEntry): string {
  return `${key} = ${value} ${textOfVersion(version)} in ${describeScan(scan)}`;
}
