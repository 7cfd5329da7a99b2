import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { bugSeeds } from '../bugs/bug-seeds.js';
import type { BugVerdict } from './search-bug.js';

/** The source file that holds them; it lies beside what was built from it. */
const source = new URL('../../src/bugs/bug-seeds.ts', import.meta.url);

/** Rewrites the stored seeds with those that were found. */
export function storeSeeds(verdicts: readonly BugVerdict[]): void {
  const path = fileURLToPath(source);
  const seeds = new Map(Object.entries(bugSeeds));
  for (const { bug, seed } of verdicts) if (seed !== undefined) seeds.set(bug, seed);
  const lines = [...seeds]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([bug, seed]) => `  '${bug}': ${seed},\n`);
  const text = readFileSync(path, 'utf8');
  const start = text.indexOf('{\n') + 2;
  writeFileSync(path, `${text.slice(0, start)}${lines.join('')}};\n`);
}
