import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import type { LocalNode } from '../src/index.js';

/** Paths of a node's log or snapshot files, the oldest first. */
export async function dataFiles({ dataDirectory }: LocalNode, kind: 'log' | 'snapshot'): Promise<string[]> {
  const entries = await readdir(dataDirectory, { recursive: true, withFileTypes: true });
  return entries
    .filter(({ name }) => name.startsWith(`${kind}-`) && name.endsWith('.kv'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}
