import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { KvError } from '@kv/errors';

/** What the data in a directory was made for. Another shape on old data would leave keys where nobody looks. */
export interface ClusterShape {
  readonly nodes: number;
  readonly basePort: number;
}

const shapeFile = 'local-cluster.json';

/**
 * The shape that the directory's data was made for, or undefined if it holds none.
 *
 * @throws KvError corrupt if the note about it cannot be understood
 */
export async function readShape(directory: string): Promise<ClusterShape | undefined> {
  const path = join(directory, shapeFile);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
    throw unusable(directory, error);
  });
  if (text === undefined) return undefined;
  try {
    const { nodes, basePort } = JSON.parse(text) as Record<string, unknown>;
    if (Number.isInteger(nodes) && Number.isInteger(basePort)) return { nodes, basePort } as ClusterShape;
  } catch {
    // told below, like a note that is JSON but of something else
  }
  throw new KvError(
    'corrupt',
    `${path} is not what this program writes: restore it, or move the directory away`,
  );
}

/** @throws KvError invalid-argument naming both, if old data was made for another shape */
export function requireSameShape(
  directory: string,
  old: ClusterShape | undefined,
  asked: ClusterShape,
): void {
  if (old === undefined) return;
  if (old.nodes !== asked.nodes) throw otherShape(directory, 'nodes', old.nodes, asked.nodes);
  if (old.basePort !== asked.basePort) throw otherShape(directory, 'base-port', old.basePort, asked.basePort);
}

function otherShape(directory: string, flag: string, was: number, asked: number): KvError {
  return new KvError(
    'invalid-argument',
    `${directory} holds a cluster made with --${flag} ${was}, not ${asked}: start it with --${flag} ${was}, or choose another --data-dir`,
  );
}

/**
 * Makes the directory with a folder for each node, and notes the shape.
 *
 * @throws KvError internal naming the directory if it cannot be written
 */
export async function prepareDirectory(
  directory: string,
  ids: readonly string[],
  shape: ClusterShape,
): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    const temporary = join(directory, `${shapeFile}.new`);
    await writeFile(temporary, `${JSON.stringify(shape)}\n`);
    for (const id of ids) await mkdir(join(directory, id), { recursive: true });
    await rename(temporary, join(directory, shapeFile));
  } catch (error) {
    throw unusable(directory, error);
  }
}

function unusable(directory: string, cause: unknown): KvError {
  const reason = codeOf(cause) ?? String(cause);
  return new KvError('internal', `data directory ${directory} cannot be written (${reason})`, { cause });
}

/** By its field, not by class: errors of Node itself come from another realm inside jest. */
function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | null | undefined)?.code;
}
