import { isErrorCode } from '@kv/errors';
import type { DirectoryLock, FileSystem } from '@kv/storage';

import { isStartFailure, StartFailure } from '../errors.js';
import { memoryDirectory, type NodeOptions } from '../options.js';
import { type NodeIdentity, readNodeFile, writeNodeFile } from './node-file.js';
import { type IdentityPorts, resolveIdentity } from './resolve-identity.js';

const storeName = 'store';
/** Of the storage engine: its first file, there before any record. */
const storeManifestName = 'MANIFEST';

/** The data directory, locked for this process, and whose it is. */
export interface DataDirectory {
  readonly identity: NodeIdentity;
  /** Where the storage engine keeps its files. */
  readonly engineDirectory: string;
  release(): Promise<void>;
}

/**
 * Locks the directory, then reads whose it is, or writes that down before anything else is put there.
 *
 * @throws StartFailure `data-directory` if it is in use, damaged or not writable, or belongs to another node or cluster
 * (both are shown); whatever `fetchShape` throws
 */
export async function openDataDirectory(
  options: NodeOptions,
  ports: IdentityPorts & { readonly fileSystem: FileSystem },
): Promise<DataDirectory> {
  const { dataDirectory: directory } = options;
  if (directory === memoryDirectory) {
    const identity = await resolveIdentity(options, undefined, ports);
    return { identity, engineDirectory: memoryDirectory, release: () => Promise.resolve() };
  }
  let lock: DirectoryLock | undefined;
  try {
    await ports.fileSystem.makeDirectory(directory);
    lock = await ports.fileSystem.lock(directory);
    const identity = await identify(options, ports);
    const held = lock;
    return { identity, engineDirectory: `${directory}/${storeName}`, release: () => held.release() };
  } catch (error) {
    await lock?.release();
    throw dataDirectoryFailure(directory, error);
  }
}

async function identify(
  options: NodeOptions,
  ports: IdentityPorts & { readonly fileSystem: FileSystem },
): Promise<NodeIdentity> {
  const { fileSystem } = ports;
  const stored = await readNodeFile(options.dataDirectory, fileSystem);
  if (stored === undefined) await refuseUsed(options.dataDirectory, fileSystem);
  const identity = await resolveIdentity(options, stored, ports);
  if (stored === undefined) await writeNodeFile(options.dataDirectory, identity, fileSystem);
  return identity;
}

/**
 * Records without a name to them: under a new identity this node would answer for what another acknowledged, and stamp
 * as a member that it may not be.
 */
async function refuseUsed(directory: string, fileSystem: FileSystem): Promise<void> {
  const names = await fileSystem.list(`${directory}/${storeName}`).catch((error: unknown): string[] => {
    if ((error as { code?: unknown }).code === 'ENOENT') return [];
    throw error;
  });
  if (!names.includes(storeManifestName)) return;
  throw new StartFailure(
    'data-directory',
    `--data-dir: ${directory} holds data, but node.json, which says whose it is, is missing: restore that file, or remove the directory if its data may be lost`,
  );
}

/** One sentence that names the directory, whatever was wrong with it. */
export function dataDirectoryFailure(directory: string, error: unknown): StartFailure {
  if (isStartFailure(error)) return error;
  const { code, message } = error as { code?: unknown; message?: string };
  const facts = { cause: error, ...(isErrorCode(code) ? { code } : {}) };
  const sentence = message ?? String(error);
  const named = sentence.includes(directory) ? sentence : `${directory}: ${sentence}`;
  return new StartFailure('data-directory', `--data-dir: cannot use the data directory: ${named}`, facts);
}
