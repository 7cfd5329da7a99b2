import type { Summary } from './summary.js';

/** What continuous integration must at least have seen, or its run counts for nothing. */
export const minimum = {
  seeds: 1_000,
  /** Virtual hours of clusters. */
  simulatedHours: 20,
  /** Checked ones. */
  operations: 1_000_000,
  faults: 14_000,
  faultKinds: 20,
} as const;

/** Seeds of a full run: enough for the minimum of everything else, whatever their plans draw. */
export const seedsOfFullRun = 1_060;

/** What a full run lacks, in words; undefined = nothing. */
export function shortOfMinimum(summary: Pick<Summary, keyof typeof minimum>): string | undefined {
  const short = Object.entries(minimum)
    .map(([name, least]) => ({ name, least, seen: summary[name as keyof typeof minimum] }))
    .filter(({ least, seen }) => seen < least)
    .map(({ name, least, seen }) => `${name} ${seen} of ${least}`);
  return short.length === 0 ? undefined : short.join(', ');
}
