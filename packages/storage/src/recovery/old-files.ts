import type { FilePlace } from '../log/log-writer.js';
import type { Logger } from '../ports.js';
import { fileErrorCode } from '../system/file-errors.js';
import { dataFileOf, joinPath } from './file-names.js';
import { inChain, type Manifest } from './manifest.js';

/** Removes what the manifest no longer counts on; sets aside what was damaged, for whoever wants to look at it. */
export async function releaseOldFiles(
  { fileSystem, directory }: Pick<FilePlace, 'fileSystem' | 'directory'>,
  manifest: Manifest,
  names?: readonly string[],
): Promise<void> {
  const all = names ?? (await fileSystem.list(directory));
  const old = all.filter((name) => {
    const file = dataFileOf(name);
    return file !== undefined && file.kind !== 'temporary' && !inChain(manifest, name);
  });
  if (old.length === 0) return;
  for (const name of old) {
    const path = joinPath(directory, name);
    if (manifest.quarantine.includes(name)) {
      await fileSystem.rename(path, joinPath(directory, `damaged-${name}`)).catch(unlessInTheWay);
    } else {
      await fileSystem.remove(path).catch(unlessInTheWay);
    }
  }
  await fileSystem.syncDirectory(directory);
}

/** What a crash left half made; nothing ever depended on it. */
export async function removeTemporaries(
  { fileSystem, directory }: Pick<FilePlace, 'fileSystem' | 'directory'>,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    if (dataFileOf(name)?.kind !== 'temporary') continue;
    await fileSystem.remove(joinPath(directory, name)).catch(unlessInTheWay);
  }
}

/**
 * Log files that the manifest does not name yet hold nothing acknowledged. They leave their names, which the log will
 * need: a directory of that name would end it, as no file can be renamed over it. Kept, as only their owner knows.
 */
export async function setStraysAside(
  { fileSystem, directory }: Pick<FilePlace, 'fileSystem' | 'directory'>,
  {
    names,
    logLast,
    logger,
  }: { readonly names: readonly string[]; readonly logLast: number; readonly logger: Logger | undefined },
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
