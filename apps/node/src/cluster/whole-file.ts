import type { FileSystem } from '@kv/storage';

/**
 * Replaces a small file as a whole: to a temporary name, synced, renamed, directory synced. After a crash it is the old
 * one or the new one.
 */
export async function writeWholeFile(
  { directory, name }: { readonly directory: string; readonly name: string },
  bytes: Uint8Array,
  fileSystem: FileSystem,
): Promise<void> {
  const temporary = `${directory}/${name}.tmp`;
  const file = await fileSystem.create(temporary);
  try {
    let written = 0;
    while (written < bytes.length) written += await file.write(bytes.subarray(written), written);
    await file.sync();
  } finally {
    await file.close();
  }
  await fileSystem.rename(temporary, `${directory}/${name}`);
  await fileSystem.syncDirectory(directory);
}

/** @returns undefined if there is none */
export async function readWholeFile(
  { directory, name }: { readonly directory: string; readonly name: string },
  fileSystem: FileSystem,
): Promise<Uint8Array | undefined> {
  const names = await fileSystem.list(directory);
  if (!names.includes(name)) return undefined;
  const file = await fileSystem.openForRead(`${directory}/${name}`);
  try {
    const bytes = new Uint8Array(Math.min(await file.size(), fileBytesMax));
    let filled = 0;
    while (filled < bytes.length) {
      const count = await file.read(bytes.subarray(filled), filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/** Far above what 65,535 members need; bounds what a foreign file can make the start read. */
const fileBytesMax = 16 * 1024 * 1024;
