import type { DeliberateBug } from '../bugs/deliberate-bug.js';
import type { SeedReport } from './run-seed.js';
import type { SeedTask } from './worker.adapter.js';

export interface BugVerdict {
  readonly bug: string;
  readonly checker: string;
  /** Undefined = no seed tried catches it. */
  readonly seed: number | undefined;
  /** Seeds tried, the catching one included. */
  readonly tried: number;
}

/** A bug that so many seeds do not show is missed. */
const seedsMax = 200;

/**
 * Looks for a seed under which the named checker objects to the bug, and to nothing without it. It begins with the hint of
 * the bug's entry, then tries the others: a hint that is out of date costs time, and proves no less.
 */
export async function searchBug(
  bug: DeliberateBug,
  run: (task: SeedTask) => Promise<SeedReport>,
): Promise<BugVerdict> {
  const { name, checker } = bug;
  let tried = 0;
  for (const seed of [bug.seed, ...otherSeeds(bug.seed)]) {
    tried += 1;
    const task: SeedTask = { seed, nodes: undefined, bug: name, twice: false };
    if (!catches(await run(task), bug)) continue;
    const sound = await run({ ...task, bug: undefined });
    if (sound.violations.length === 0) return { bug: name, checker, seed, tried };
  }
  return { bug: name, checker, seed: undefined, tried };
}

export function catches({ violationsByChecker }: SeedReport, { checker }: DeliberateBug): boolean {
  return (violationsByChecker[checker] ?? 0) > 0;
}

function otherSeeds(hint: number): number[] {
  return Array.from({ length: seedsMax }, (_, index) => index + 1).filter((seed) => seed !== hint);
}
