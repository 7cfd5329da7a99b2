import { isKvError, KvError } from '@kv/errors';

import type { ResolvedEngineOptions } from '../options.js';
import type { DirectoryLock, FileSystem, Logger } from '../ports.js';
import { isDiskFull, toFileError } from '../system/file-errors.js';
import { dataFileOf, joinPath, manifestName } from './file-names.js';
import {
  createManifestFile,
  firstManifest,
  type Manifest,
  type ManifestFile,
  readManifest,
} from './manifest.js';
import { removeTemporaries, setStraysAside } from './old-files.js';

export interface TakenDirectory {
  readonly lock: DirectoryLock;
  readonly manifest: ManifestFile;
  /** What was there. */
  readonly names: readonly string[];
}

export type DirectoryOptions = Pick<ResolvedEngineOptions, 'directory' | 'partitions' | 'retainTombstones'>;

/**
 * Takes the directory, creating it and its manifest if need be.
 *
 * @throws KvError that names the path: `unavailable` if another process has it, `corrupt` if it is of another program or
 * version, `invalid-argument` if it may not be written, or was created with other options
 */
export async function takeDirectory(
  fileSystem: FileSystem,
  options: DirectoryOptions,
  logger: Logger | undefined,
): Promise<TakenDirectory> {
  const { directory } = options;
  const lock = await naming(`cannot take the data directory ${directory}`, async () => {
    await fileSystem.makeDirectory(directory);
    return fileSystem.lock(directory);
  });
  try {
    return await naming(`cannot open the data directory ${directory}`, async () => {
      const names = await fileSystem.list(directory);
      const found = await readManifest(fileSystem, directory);
      if (found !== undefined) refuseOtherOptions(found, options);
      else refuseWithoutManifest(directory, names);
      const manifest = createManifestFile(fileSystem, directory, found ?? firstManifest(options));
      const place = { fileSystem, directory };
      await removeTemporaries(place, names);
      if (found === undefined) await manifest.update({});
      else await setStraysAside(place, { names, logLast: found.logLast, logger }).catch(unlessFull);
      return { lock, manifest, names };
    });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Turns whatever goes wrong into a KvError that says what was being done. */
export async function naming<Result>(doing: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    throw isKvError(error) ? error : toFileError(error, doing);
  }
}

/** A full disk prevents writing, not opening. */
export function unlessFull(error: unknown): void {
  if (!isDiskFull(error)) throw error;
}

function refuseOtherOptions(
  manifest: Manifest,
  { directory, partitions, retainTombstones }: DirectoryOptions,
): void {
  if (manifest.partitions !== partitions) {
    throw new KvError(
      'invalid-argument',
      `partitions: ${directory} was created with ${manifest.partitions}, not ${partitions}`,
    );
  }
  if (manifest.retainTombstones !== retainTombstones) {
    throw new KvError(
      'invalid-argument',
      `${directory} was created ${manifest.retainTombstones ? 'for replication' : 'as an embedded store'}: open it as such`,
    );
  }
}

/** A crash while the directory was created leaves no data; data without a manifest means that the manifest was lost. */
export function refuseWithoutManifest(directory: string, names: readonly string[]): void {
  const data = names.find((name) => {
    const file = dataFileOf(name);
    return file !== undefined && file.kind !== 'temporary';
  });
  if (data === undefined) return;
  throw new KvError(
    'corrupt',
    `${joinPath(directory, data)} is there, but ${joinPath(directory, manifestName)} is missing`,
  );
}
