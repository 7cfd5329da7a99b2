import { compareVersions, type Version } from '@kv/hlc';

import { type History, type Operation, type ReadOperation, textOf, type WriteOperation } from './history.js';

/**
 * Judges a history by what the guarantees say, knowing nothing of how they are kept: no core, no rule, only who saw what
 * when. Returns one sentence for each violation.
 */
export function violations({ operations, evidence }: History): string[] {
  const found: string[] = [];
  for (const { holders, required } of evidence.holdersAtAck) {
    if (holders < required)
      found.push(`durable: acknowledged with ${holders} of ${required} replicas holding it`);
  }
  for (const key of new Set(operations.map((operation) => operation.key))) {
    const ofKey = operations.filter((operation) => operation.key === key);
    for (const later of ofKey) {
      const before = ofKey.filter((operation) => operation.endedMs < later.beganMs);
      for (const earlier of before) found.push(...pair(earlier, later));
      if (later.kind === 'write') found.push(...write(later, before, ofKey, evidence.appended));
      else found.push(...read(later, ofKey));
    }
  }
  return found;
}

/** `earlier` ended before `later` began. */
function pair(earlier: Operation, later: Operation): string[] {
  const seen = seenBy(earlier);
  if (later.kind === 'read') {
    if (!later.ok) return [];
    const found: string[] = [];
    if (seen !== undefined && isBelow(later.version, seen)) {
      found.push(
        `${earlier.kind === 'write' ? 'visible' : 'monotonic'}: ${tell(earlier)}, then ${tell(later)}`,
      );
    }
    const unexpired =
      earlier.kind === 'read' &&
      earlier.ok &&
      earlier.value === undefined &&
      later.value !== undefined &&
      earlier.version !== undefined &&
      isSame(earlier.version, later.version);
    if (unexpired) found.push(`monotonic: expired, then live again: ${tell(earlier)}, then ${tell(later)}`);
    return found;
  }
  if (later.outcome !== 'ok') return [];
  const beaten = [...(seen === undefined ? [] : [seen])];
  // Every attempt of an acknowledged write; and of one of unknown outcome, where the same client wrote again.
  if (earlier.kind === 'write' && (earlier.outcome === 'ok' || isAbandonedBy(later.client, earlier))) {
    beaten.push(...earlier.stamps);
  }
  return beaten.some((version) => !isBelow(version, later.version!))
    ? [`later wins: ${tell(earlier)}, then ${tell(later)}`]
    : [];
}

function write(
  operation: WriteOperation,
  before: readonly Operation[],
  all: readonly Operation[],
  appended: ReadonlySet<string>,
): string[] {
  const trace = operation.disowned.find((stamp) => appended.has(textOf(stamp)));
  if (trace !== undefined) return [`honest outcome: not applied, but ${textOf(trace)} was stored`];
  if (operation.outcome !== 'ok') return [];
  const floor = newestOf(before.flatMap((earlier) => seenBy(earlier) ?? []));
  return previous(operation, floor, all);
}

/** What it reports is a value that was there, and no older than what was certainly there when it began. */
function previous(
  operation: WriteOperation,
  floor: Version | undefined,
  all: readonly Operation[],
): string[] {
  const report = operation.previous;
  const others = all.filter((other) => other.kind === 'write' && other !== operation) as WriteOperation[];
  if (report.kind === 'value') {
    const writer = others.find((other) => other.stamps.some((stamp) => isSame(stamp, report.version)));
    const honest =
      writer?.value === report.value &&
      isBelow(report.version, operation.version!) &&
      (floor === undefined || !isBelow(report.version, floor));
    return honest ? [] : [`previous: ${tell(operation)} reports ${textOf(report.version)} ${report.value}`];
  }
  if (report.kind !== 'none' || floor === undefined) return [];
  const excuse = others.some(
    (other) =>
      (other.value === undefined || other.ttlMs > 0) &&
      other.stamps.some((stamp) => !isBelow(stamp, floor) && isBelow(stamp, operation.version!)),
  );
  return excuse ? [] : [`previous: ${tell(operation)} reports none, but ${textOf(floor)} was there`];
}

function read(operation: ReadOperation, all: readonly Operation[]): string[] {
  const { version } = operation;
  if (!operation.ok || version === undefined) return [];
  const writer = all.find(
    (other): other is WriteOperation =>
      other.kind === 'write' && other.stamps.some((stamp) => isSame(stamp, version)),
  );
  if (writer === undefined) return [`no phantom: ${tell(operation)}, which nobody wrote`];
  const hidden = operation.value === undefined && (writer.value === undefined || writer.ttlMs > 0);
  return hidden || writer.value === operation.value
    ? []
    : [`no phantom: ${tell(operation)}, but ${String(writer.value)} was written`];
}

function isAbandonedBy(client: number, { client: writer, outcome }: WriteOperation): boolean {
  return writer === client && outcome === 'unknown';
}

/** The version that a quorum certainly knew when this operation ended. */
function seenBy(operation: Operation): Version | undefined {
  if (operation.kind === 'read') return operation.ok ? operation.version : undefined;
  return operation.outcome === 'ok' ? operation.version : undefined;
}

function newestOf(versions: readonly Version[]): Version | undefined {
  return versions.reduce<Version | undefined>(
    (newest, version) => (newest === undefined || isBelow(newest, version) ? version : newest),
    undefined,
  );
}

function isBelow(version: Version | undefined, other: Version): boolean {
  return version === undefined || compareVersions(version, other) < 0;
}

function isSame(version: Version, other: Version | undefined): boolean {
  return other !== undefined && compareVersions(version, other) === 0;
}

function tell(operation: Operation): string {
  const when = `${operation.beganMs.toFixed(1)}-${operation.endedMs.toFixed(1)}`;
  const version = operation.version === undefined ? 'nothing' : textOf(operation.version);
  const what = operation.kind === 'write' ? `${operation.outcome} write of` : 'read of';
  return `${what} ${operation.key}=${String(operation.value)} ${version} (${when}, client ${operation.client})`;
}
