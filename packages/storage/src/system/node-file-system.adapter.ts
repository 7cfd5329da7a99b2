import { writevSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { writtenAtOnceBytesMax } from '../limits.js';
import { lockDirectory } from './directory-lock.adapter.js';
import { GradualRemoval } from './gradual-removal.adapter.js';
import type { FileSystem, ReadableFile, WritableFile } from '../ports.js';
import { bytesOfParts } from './parts.js';

/** The real file system. */
export function nodeFileSystem(): FileSystem {
  const removal = new GradualRemoval();
  return {
    async makeDirectory(directory) {
      const first = await mkdir(directory, { recursive: true });
      if (first === undefined) return;
      // Each new name is durable only once the directory that holds it is synced.
      for (let made = resolve(directory); made.length >= resolve(first).length; made = dirname(made)) {
        await syncDirectory(dirname(made));
      }
    },
    list: (directory) => readdir(directory),
    openForRead: async (path) => readable(await open(path, 'r')),
    create: async (path) => writable(await open(path, 'w', 0o600)),
    rename: (from, to) => rename(from, to),
    remove: (path) => removal.remove(path),
    syncDirectory,
    lock: lockDirectory,
  };
}

function readable(handle: FileHandle): ReadableFile {
  return {
    // It comes as a double; as a small integer it leaves those whom it is passed to fast.
    size: async () => Math.trunc((await handle.stat()).size),
    read: async (into, position) => (await handle.read(into, 0, into.length, position)).bytesRead,
    close: () => handle.close(),
  };
}

function writable(handle: FileHandle): WritableFile {
  let syncs = 0;
  // A write into a file that is being synced may wait for the disk.
  const writevAtOnce: WritableFile['writevAtOnce'] = (parts, position) =>
    syncs === 0 && bytesOfParts(parts) <= writtenAtOnceBytesMax
      ? writevSync(handle.fd, parts, position)
      : undefined;
  return {
    write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
    writev: async (parts, position) =>
      writevAtOnce(parts, position) ?? (await handle.writev(parts, position)).bytesWritten,
    writevAtOnce,
    sync: async () => {
      syncs += 1;
      try {
        // fdatasync: the size counts as data, the times of the last access and change do not.
        await handle.datasync();
      } finally {
        syncs -= 1;
      }
    },
    close: () => handle.close(),
  };
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows can neither open a directory for syncing nor needs it.
  if (process.platform === 'win32') return;
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
