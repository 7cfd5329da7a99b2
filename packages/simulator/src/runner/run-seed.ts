import type { DeliberateBug } from '../bugs/deliberate-bug.js';
import type { FaultKind } from '../faults/fault-kinds.js';
import { type DrawOptions, drawPlan } from '../plan/draw-plan.js';
import type { ProfileName } from '../plan/profiles.js';
import { retrace, type RunTrace, runPlan } from './run-plan.js';
import type { RunCheckerName, RunViolation } from './run-violation.js';

export interface SeedOptions extends DrawOptions {
  readonly bug?: DeliberateBug | undefined;
  /** Run it a second time, and compare. */
  readonly twice: boolean;
}

/** What one seed came to, as plain data: it travels between processes. */
export interface SeedReport {
  readonly seed: number;
  readonly profile: ProfileName;
  readonly nodes: number;
  readonly operations: number;
  readonly checkedReads: number;
  readonly concurrentPairs: number;
  readonly scannedEntries: number;
  readonly faultsByKind: Readonly<Partial<Record<FaultKind, number>>>;
  readonly violationsByChecker: Readonly<Partial<Record<RunCheckerName, number>>>;
  /** The first few. */
  readonly violations: readonly RunViolation[];
  readonly traceHash: string;
  /** Of all runs of it. */
  readonly events: number;
  /** Of one run. */
  readonly simulatedMs: number;
  /** Of keys used at LINEARIZABLE alone: values judged as those of a register, each with its reads. */
  readonly linearizableClusters: number;
  /** Of keys used at QUORUM: how far they are from linearizable registers. */
  readonly quorumClusters: number;
  readonly quorumClustersViolating: number;
}

const violationsTold = 5;

export async function runSeed(seed: number, options: SeedOptions): Promise<SeedReport> {
  const { bug } = options;
  const plan = drawPlan(seed, options);
  const result = await runPlan(plan, { bug });
  const again = options.twice ? await retrace(plan, { bug }) : undefined;
  const violations = [...result.violations, ...differenceOf(result, again)];
  const { operations, checkedReads, concurrentPairs, scannedEntries } = result.figures;
  return {
    seed,
    profile: plan.profile,
    nodes: plan.cluster.nodes,
    ...{ operations, checkedReads, concurrentPairs, scannedEntries },
    faultsByKind: result.faultsByKind,
    violationsByChecker: countByChecker(violations),
    violations: firstOfEach(violations),
    traceHash: result.traceHash,
    events: result.events + (again?.events ?? 0),
    simulatedMs: result.simulatedMs,
    linearizableClusters: result.verdict.linearizable.clusters,
    quorumClusters: result.verdict.quorum.clusters,
    quorumClustersViolating: result.verdict.quorum.violatingClusters,
  };
}

function differenceOf(first: RunTrace, second: RunTrace | undefined): RunViolation[] {
  if (second === undefined || second.traceHash === first.traceHash) return [];
  const message = `the second run differs: ${first.traceHash} after ${first.events} events, then ${second.traceHash} after ${second.events}`;
  return [{ checker: 'deterministic', message, key: undefined, operations: [] }];
}

function countByChecker(violations: readonly RunViolation[]): Partial<Record<RunCheckerName, number>> {
  const counts: Partial<Record<RunCheckerName, number>> = {};
  for (const { checker } of violations) counts[checker] = (counts[checker] ?? 0) + 1;
  return counts;
}

/** One checker's many words must not hide another's. */
function firstOfEach(violations: readonly RunViolation[]): RunViolation[] {
  const seen = new Map<RunCheckerName, number>();
  return violations.filter(({ checker }) => {
    const count = (seen.get(checker) ?? 0) + 1;
    seen.set(checker, count);
    return count <= violationsTold;
  });
}
