import type { DeliberateBug } from './deliberate-bug.js';
import { durabilityBugs } from './durability-bugs.js';
import { readBugs } from './read-bugs.js';
import { rebuildBugs } from './rebuild-bugs.js';
import { retryBugs } from './retry-bugs.js';
import { writeBugs } from './write-bugs.js';

/** All of them, by name. Each one that a checker misses is a hole in that checker, or in what the plans draw. */
export const deliberateBugs: readonly DeliberateBug[] = [
  ...writeBugs,
  ...readBugs,
  ...retryBugs,
  ...durabilityBugs,
  ...rebuildBugs,
];

export function bugNamed(name: string): DeliberateBug | undefined {
  return deliberateBugs.find((bug) => bug.name === name);
}
