import { bugSeeds } from '../bugs/bug-seeds.js';
import type { DeliberateBug } from '../bugs/deliberate-bug.js';
import { profileOf } from '../plan/draw-plan.js';
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

/** A bug that none of the first so many seeds shows is missed. */
export const bugSeedsMax = 200;

/**
 * Looks for a seed under which the named checker objects to the bug, and to nothing without it. It begins with the seed that
 * is stored for the bug, goes on with those of the profile that suits it, then with the others: a stored seed that is out of
 * date costs time, and proves no less.
 *
 * @param triesMax seeds tried at most
 */
export async function searchBug(
  bug: DeliberateBug,
  run: (task: SeedTask) => Promise<SeedReport>,
  { triesMax }: { readonly triesMax: number },
): Promise<BugVerdict> {
  const { name, checker } = bug;
  let tried = 0;
  for (const seed of seedsFor(bug).slice(0, triesMax)) {
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

function seedsFor({ name, profile }: DeliberateBug): number[] {
  const all = Array.from({ length: bugSeedsMax }, (_, index) => index + 1);
  const suits = (seed: number): boolean => profile !== undefined && profileOf(seed) === profile;
  const stored = bugSeeds[name];
  return [
    ...new Set([
      ...(stored === undefined ? [] : [stored]),
      ...all.filter(suits),
      ...all.filter((seed) => !suits(seed)),
    ]),
  ];
}
