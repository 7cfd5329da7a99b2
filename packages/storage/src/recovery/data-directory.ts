import { isKvError, KvError } from '@kv/errors';

import { createWhole, writeFully } from '../log/write-file.js';
import { fileErrorCode, toFileError } from '../system/file-errors.js';
import { dataFileOf, joinPath, logName, manifestName } from './file-names.js';
import { LogFile, type LogFilePlace } from '../log/log-file.js';
import {
  createManifestFile,
  firstManifest,
  type Manifest,
  type ManifestFile,
  readManifest,
  type Run,
} from './manifest.js';
import type { ResolvedEngineOptions } from '../options.js';
import type { DirectoryLock, FileSystem, Logger } from '../ports.js';
import { readFully } from './read-segment.js';
import type { Recovered } from './recovery.js';

export interface OpenDirectory {
  readonly lock: DirectoryLock;
  readonly manifest: ManifestFile;
}

/**
 * Takes the directory, creating it and its manifest if need be.
 *
 * @throws KvError that names the path: `unavailable` if another process has it, `corrupt` if it is of another program or
 * version, `invalid-argument` if it may not be written, or was created with other options
 */
export async function openDirectory(
  fileSystem: FileSystem,
  options: Pick<ResolvedEngineOptions, 'directory' | 'partitions' | 'retainTombstones'>,
  logger?: Logger,
): Promise<OpenDirectory> {
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
      await removeTemporaries(fileSystem, directory, names);
      if (found === undefined) await manifest.update({});
      else await setStraysAside(fileSystem, { directory, names, logLast: found.logLast, logger });
      return { lock, manifest };
    });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/**
 * Makes the directory ready for writing after a recovery: the damage found is recorded before anything else is touched;
 * then the newest log file, of which nobody knows how much is on the disk and how much only in the system's cache, is
 * replaced by a synced copy of its whole batches; then a new file begins.
 */
export async function beginLog(
  place: LogFilePlace,
  manifest: ManifestFile,
  recovered: Recovered,
  running: Run,
): Promise<LogFile> {
  await noteLoss(manifest, recovered.damage.partitions);
  const newest = recovered.logs.at(-1);
  const reached = manifest.current.logLast;
  let sequence = reached + 1;
  if (newest !== undefined && newest.sequence === reached && newest.end.end.kind !== 'damaged') {
    // One without a batch is not worth keeping: the new file takes its place.
    if (newest.end.batches === 0 && newest.end.header?.firstBatch === recovered.nextBatch) sequence = reached;
    else await replaceByCopy(place, logName(newest.sequence), newest.end.wholeBytes);
  }
  const file = await LogFile.create(place, { sequence, firstBatch: recovered.nextBatch });
  await manifest.update({ logLast: sequence, running });
  return file;
}

/** Each loss begins a new incarnation (protocol rule 15). Found again before a snapshot took its place, it is no new one. */
async function noteLoss(manifest: ManifestFile, partitions: ReadonlySet<number>): Promise<void> {
  const { suspect, incarnation } = manifest.current;
  const union = new Set([...suspect, ...partitions]);
  if (union.size === suspect.length) return;
  await manifest.update({ suspect: [...union].sort((a, b) => a - b), incarnation: incarnation + 1 });
}

/** Removes what the manifest no longer counts on; sets aside what was damaged, for whoever wants to look at it. */
export async function releaseOldFiles(
  fileSystem: FileSystem,
  {
    directory,
    manifest,
    damagedFiles,
  }: {
    readonly directory: string;
    readonly manifest: Manifest;
    readonly damagedFiles: ReadonlySet<string>;
  },
): Promise<void> {
  for (const name of await fileSystem.list(directory)) {
    const file = dataFileOf(name);
    if (file === undefined || file.kind === 'temporary') continue;
    const old = file.kind === 'log' ? file.sequence < manifest.logFirst : file.sequence !== manifest.snapshot;
    if (!old) continue;
    const path = joinPath(directory, name);
    if (damagedFiles.has(name)) await fileSystem.rename(path, joinPath(directory, `damaged-${name}`));
    else await fileSystem.remove(path).catch(unlessInTheWay);
  }
  await fileSystem.syncDirectory(directory);
}

async function replaceByCopy(place: LogFilePlace, name: string, wholeBytes: number): Promise<void> {
  const { fileSystem, directory } = place;
  const source = await fileSystem.openForRead(joinPath(directory, name));
  try {
    const { file } = await createWhole(fileSystem, { directory, name }, async (copy) => {
      const piece = new Uint8Array(Math.min(wholeBytes, 1024 * 1024));
      for (let position = 0; position < wholeBytes; position += piece.length) {
        const part = piece.subarray(0, Math.min(piece.length, wholeBytes - position));
        await readFully(source, part, position);
        await writeFully(copy, part, position);
      }
      await copy.sync();
    });
    await file.close().catch(() => undefined);
  } finally {
    await source.close().catch(() => undefined);
  }
}

function refuseOtherOptions(
  manifest: Manifest,
  options: Pick<ResolvedEngineOptions, 'directory' | 'partitions' | 'retainTombstones'>,
): void {
  const { directory, partitions, retainTombstones } = options;
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
function refuseWithoutManifest(directory: string, names: readonly string[]): void {
  const data = names.find(
    (name) => dataFileOf(name)?.kind === 'log' || dataFileOf(name)?.kind === 'snapshot',
  );
  if (data === undefined) return;
  throw new KvError(
    'corrupt',
    `${joinPath(directory, data)} is there, but ${joinPath(directory, manifestName)} is missing`,
  );
}

/** What a crash left half made; nothing ever depended on it. */
async function removeTemporaries(
  fileSystem: FileSystem,
  directory: string,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    if (dataFileOf(name)?.kind === 'temporary') {
      await fileSystem.remove(joinPath(directory, name)).catch(unlessInTheWay);
    }
  }
}

/**
 * Log files that the manifest does not name yet hold nothing acknowledged. They leave their names, which the log will
 * need: a directory of that name would end it, as no file can be renamed over it. Kept, as only their owner knows.
 */
async function setStraysAside(
  fileSystem: FileSystem,
  {
    directory,
    names,
    logLast,
    logger,
  }: {
    readonly directory: string;
    readonly names: readonly string[];
    readonly logLast: number;
    readonly logger: Logger | undefined;
  },
): Promise<void> {
  for (const name of names) {
    const file = dataFileOf(name);
    if (file?.kind !== 'log' || file.sequence <= logLast) continue;
    const aside = `ignored-${name}`;
    logger?.warn({ directory, name, aside }, 'not named by the manifest, so nothing acknowledged: set aside');
    await fileSystem.rename(joinPath(directory, name), joinPath(directory, aside)).catch(unlessInTheWay);
  }
}

/** A directory in the place of a file is somebody else's: it is left alone. */
function unlessInTheWay(error: unknown): void {
  if (!directoryCodes.has(fileErrorCode(error) ?? '')) throw error;
}

const directoryCodes: ReadonlySet<string> = new Set(['EISDIR', 'ENOTDIR', 'ENOTEMPTY', 'EEXIST', 'EBUSY']);

export async function naming<Result>(doing: string, task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    throw isKvError(error) ? error : toFileError(error, doing);
  }
}
