import { join } from 'node:path';

import type { DirectoryInspection } from '@kv/storage';

import type { CliIo } from '../io.js';

/** A node keeps its records in a directory within the one that it is given; either may be named. */
export async function inspectStore(
  { inspect }: Pick<CliIo, 'inspect'>,
  directory: string,
): Promise<DirectoryInspection> {
  const found = await inspect(directory);
  const isNodes = found.manifest === undefined && found.files.some(({ name }) => name === 'node.json');
  return isNodes ? inspect(join(directory, 'store')) : found;
}
