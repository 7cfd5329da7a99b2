import type { FaultKind } from '../faults/fault-kinds.js';
import type { SeedReport } from './run-seed.js';
import type { RunCheckerName } from './run-violation.js';
import { Trace } from '../world/trace.js';

/** What many seeds came to: the last line of the command's output. */
export interface Summary {
  readonly seeds: number;
  /** Virtual hours of clusters, summed over seeds; second runs do not count. */
  readonly simulatedHours: number;
  readonly operations: number;
  readonly checkedReads: number;
  /** Pairs of operations on one key, one of them a write at least, that overlapped in time. */
  readonly concurrentPairs: number;
  /** Entries that scans told. */
  readonly scannedEntries: number;
  readonly faults: number;
  readonly faultKinds: number;
  readonly faultsByKind: Readonly<Partial<Record<FaultKind, number>>>;
  readonly violations: number;
  readonly violationsByChecker: Readonly<Partial<Record<RunCheckerName, number>>>;
  readonly failingSeeds: readonly number[];
  /** Of keys used at LINEARIZABLE alone: values judged as those of a register, each with its reads. */
  readonly linearizableClusters: number;
  /** Of keys used at QUORUM: clusters of a value's write and reads, and how many fit no order of a register. */
  readonly quorumClusters: number;
  readonly quorumClustersViolating: number;
  /** Second runs included. */
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly seconds: number;
  /** Over the traces of all seeds in their order. */
  readonly traceHash: string;
  /** Why the run proves nothing, if it does not. */
  readonly provesNothing?: string | undefined;
}

/** Per seed, on average: less than this is no test of anything. */
const operationsLeast = 200;
const faultsLeast = 5;
const pairsLeast = 10;
/** A single seed may have no key that is used at LINEARIZABLE alone; so many must. */
const seedsForRegisters = 10;

export function summarise(
  reports: readonly SeedReport[],
  { seconds }: { readonly seconds: number },
): Summary {
  const sorted = [...reports].sort((a, b) => a.seed - b.seed);
  const sum = (of: (report: SeedReport) => number): number =>
    sorted.reduce((total, report) => total + of(report), 0);
  const faultsByKind = addUp(sorted.map((report) => report.faultsByKind));
  const violationsByChecker = addUp(sorted.map((report) => report.violationsByChecker));
  const trace = new Trace({ readable: false });
  for (const { seed, traceHash } of sorted) trace.text(`${seed}:${traceHash}`);
  const events = sum((report) => report.events);
  const figures = {
    seeds: sorted.length,
    simulatedHours: rounded(sum(({ simulatedMs }) => simulatedMs) / 3_600_000, 2),
    operations: sum(({ operations }) => operations),
    checkedReads: sum(({ checkedReads }) => checkedReads),
    concurrentPairs: sum(({ concurrentPairs }) => concurrentPairs),
    scannedEntries: sum(({ scannedEntries }) => scannedEntries),
    faults: total(faultsByKind),
    faultKinds: Object.keys(faultsByKind).length,
    faultsByKind,
    violations: total(violationsByChecker),
    violationsByChecker,
    failingSeeds: sorted.filter(({ violations }) => violations.length > 0).map(({ seed }) => seed),
    linearizableClusters: sum(({ linearizableClusters }) => linearizableClusters),
    quorumClusters: sum(({ quorumClusters }) => quorumClusters),
    quorumClustersViolating: sum(({ quorumClustersViolating }) => quorumClustersViolating),
    events,
    eventsPerSecond: Math.round(events / Math.max(seconds, 0.001)),
    seconds: rounded(seconds, 1),
    traceHash: trace.hash,
  };
  const provesNothing = whyNothing(figures);
  return { ...figures, ...(provesNothing === undefined ? {} : { provesNothing }) };
}

function whyNothing(figures: Omit<Summary, 'provesNothing'>): string | undefined {
  const { seeds, operations, faults, concurrentPairs, checkedReads, linearizableClusters } = figures;
  if (seeds === 0) return 'no seed was run';
  if (operations < seeds * operationsLeast) return `only ${operations} operations`;
  if (checkedReads === 0) return 'no read was answered';
  if (faults < seeds * faultsLeast) return `only ${faults} faults`;
  if (seeds >= seedsForRegisters && linearizableClusters === 0) return 'no register was judged';
  if (concurrentPairs < seeds * pairsLeast) return `only ${concurrentPairs} concurrent pairs`;
  return undefined;
}

function addUp<Name extends string>(
  tables: readonly Readonly<Partial<Record<Name, number>>>[],
): Partial<Record<Name, number>> {
  const sums: Partial<Record<Name, number>> = {};
  for (const table of tables) {
    for (const [name, count] of Object.entries(table) as [Name, number][]) {
      sums[name] = (sums[name] ?? 0) + count;
    }
  }
  return sums;
}

function total(table: Readonly<Partial<Record<string, number>>>): number {
  return Object.values(table).reduce<number>((sum, count) => sum + (count ?? 0), 0);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
