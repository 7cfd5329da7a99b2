import { describeOperation } from './describe-operation.js';
import type { Findings } from './findings.js';
import type { IndexedHistory } from './indexed-history.js';
import { isStrong, type KeyHistory } from './key-history.js';
import { type Cluster, type Contradiction, registerClusters } from './register-clusters.js';
import type { RegisterFigures } from './verdict.js';
import { untoldConflicts, zoneConflicts } from './zones.js';

/**
 * *Linearizable*: a key that is written at LINEARIZABLE only is a linearizable register for reads at QUORUM, ALL and
 * LINEARIZABLE: every write that took effect and every read can be given one moment between its beginning and its end, so
 * that each read returns what was written last before it. A delete writes nothing; an expiry is a delete at a moment that
 * nobody told; a write of unknown outcome took effect at any moment after it began, or never.
 *
 * Keys written at QUORUM or ALL, too, are judged alike, but only reported: a put that is stamped twice may appear, be
 * overwritten and appear again. Keys with writes at ONE are left out.
 *
 * Judged: each cluster (a write with its reads) of a key written at LINEARIZABLE only.
 */
export function checkLinearizable(
  history: IndexedHistory,
  findings: Findings,
): { linearizable: RegisterFigures; quorum: RegisterFigures } {
  const linearizable = noFigures();
  const quorum = noFigures();
  const purges = history.history.purges === true;
  for (const key of history.keys.values()) {
    const effective = key.writes.filter(({ outcome }) => outcome !== 'not-applied');
    if (!effective.every(isStrong)) continue;
    const gates = effective.every(({ level }) => level === 'linearizable');
    checkKey(key, { purges, figures: gates ? linearizable : quorum, findings: gates ? findings : undefined });
  }
  findings.judged += linearizable.clusters;
  return { linearizable, quorum };
}

type Figures = { -readonly [Name in keyof RegisterFigures]: number };

function noFigures(): Figures {
  return { keys: 0, clusters: 0, violatingKeys: 0, violatingClusters: 0, untoldReads: 0 };
}

interface KeyContext {
  readonly purges: boolean;
  readonly figures: Figures;
  /** Undefined = only count. */
  readonly findings: Findings | undefined;
}

function checkKey(key: KeyHistory, { purges, figures, findings }: KeyContext): void {
  const { clusters, untold, contradictions } = registerClusters(key, { purges });
  const conflicts = zoneConflicts(clusters);
  const hiddenValues = untoldConflicts(clusters, untold);
  const violating = contradictions.length + conflicts.length + hiddenValues.length;
  figures.keys += 1;
  figures.clusters += clusters.length;
  figures.untoldReads += untold.length;
  figures.violatingClusters += violating;
  if (violating > 0) figures.violatingKeys += 1;
  if (findings === undefined) return;
  for (const contradiction of contradictions) reportContradiction(key, contradiction, findings);
  for (const { cluster, within } of conflicts) {
    const operations = [...boundsOf(within), ...boundsOf(cluster)];
    const tell = (): string =>
      `no order of these fits: ${describeCluster(within)}, and ${describeCluster(cluster)}`;
    findings.report(key.key, operations, tell);
  }
  for (const { read, within } of hiddenValues) {
    findings.report(
      key.key,
      [...boundsOf(within), read],
      () =>
        `nothing was found while a value was there: ${describeCluster(within)}, and ${describeOperation(read)}`,
    );
  }
}

const why: Record<Contradiction['why'], string> = {
  'read-before-write': 'read before it was written',
  'alive-after-expiry': 'alive after it had expired',
  'never-written': 'never written',
};

function reportContradiction(key: KeyHistory, contradiction: Contradiction, findings: Findings): void {
  const { operations } = contradiction;
  findings.report(
    key.key,
    operations,
    () => `${why[contradiction.why]}: ${operations.map(describeOperation).join('; ')}`,
  );
}

/** The operations that span a zone. */
function boundsOf({ write, firstEnded, lastBegan }: Cluster) {
  const operations = [write, firstEnded, lastBegan].filter((operation) => operation !== undefined);
  return [...new Set(operations)];
}

function describeCluster(cluster: Cluster): string {
  const operations = boundsOf(cluster).map(describeOperation).join('; ');
  return cluster.write === undefined ? `the initial state (${operations})` : operations;
}
