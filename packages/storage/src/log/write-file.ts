import { joinPath, temporarySuffix } from '../recovery/file-names.js';
import type { FileSystem, WritableFile } from '../ports.js';

/** Writes all of `bytes`, however few of them the system takes at a time. */
export async function writeFully(file: WritableFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const count = await file.write(bytes.subarray(done), position + done);
    if (count <= 0) throw new Error('the file system took no bytes');
    done += count;
  }
}

/** Parts of one gather write: the system takes 1,024 (IOV_MAX). */
export const writePartsMax = 1024;

/** Writes all of the parts, laid end to end; none of them is empty. */
export async function writePartsFully(
  file: WritableFile,
  parts: readonly Uint8Array[],
  position: number,
): Promise<void> {
  let left = parts;
  for (let at = position; left.length > 0;) {
    const piece = left.length > writePartsMax ? left.slice(0, writePartsMax) : left;
    const count = await file.writev(piece, at);
    if (count <= 0) throw new Error('the file system took no bytes');
    at += count;
    left = without(left, count);
  }
}

/** What is left of the parts behind their first `bytes` bytes. */
function without(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let taken = bytes;
  for (let index = 0; index < parts.length; index += 1) {
    const part = parts[index]!;
    if (taken < part.length) {
      return taken === 0 ? parts.slice(index) : [part.subarray(taken), ...parts.slice(index + 1)];
    }
    taken -= part.length;
  }
  return [];
}

/**
 * Makes a file that after any crash is either absent (or as it was before) or whole: written under a temporary name,
 * synced, renamed, and the name synced.
 *
 * @returns what `fill` returns, and the file, still open
 */
export async function createWhole<Result>(
  fileSystem: FileSystem,
  { directory, name }: { readonly directory: string; readonly name: string },
  fill: (file: WritableFile, temporaryPath: string) => Promise<Result>,
): Promise<{ readonly file: WritableFile; readonly result: Result }> {
  const temporaryPath = joinPath(directory, name + temporarySuffix);
  const file = await fileSystem.create(temporaryPath);
  try {
    const result = await fill(file, temporaryPath);
    await fileSystem.rename(temporaryPath, joinPath(directory, name));
    await fileSystem.syncDirectory(directory);
    return { file, result };
  } catch (error) {
    // Best effort: the next opening removes what stays behind. The first error is the one to tell.
    await file.close().catch(() => undefined);
    await fileSystem.remove(temporaryPath).catch(() => undefined);
    throw error;
  }
}
