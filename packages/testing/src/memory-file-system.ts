import type {
  FileOperation,
  FileOperationKind,
  FileSystemShape,
  ReadableFileShape,
  WritableFileShape,
} from './file-system-shape.js';
import { MemoryDisk } from './memory-disk.js';
import { MemoryFile } from './memory-file.js';

export interface MemoryFileSystemOptions {
  /** Bytes that all files may have together; a write takes what fits, the next one fails with ENOSPC. Default Infinity. */
  readonly capacityBytes?: number | undefined;
  /** Called after each operation has had its effect, before its caller learns of it: the place to take a `crash()`. */
  readonly afterOperation?: ((operation: FileOperation, fileSystem: MemoryFileSystem) => void) | undefined;
}

export interface CrashOptions {
  /** Which sectors written since a file's last sync reached the disk all the same. Default none. */
  readonly keep?: ((where: { readonly path: string; readonly sector: number }) => boolean) | undefined;
  /** Which names changed since the directory's last sync are changed on the disk all the same. Default none. */
  readonly keepName?: ((path: string) => boolean) | undefined;
}

export interface MemoryFileSystem extends FileSystemShape {
  /** What the machine finds after it lost power now. This one goes on as if nothing had happened. */
  crash(options?: CrashOptions): MemoryFileSystem;
  /** What the next process finds after this one was killed now: everything, synced or not, and no locks. */
  kill(): MemoryFileSystem;
  /** Every operation so far, in the order of their effects. */
  readonly operations: readonly FileOperation[];
  /** Paths of all files, sorted. */
  paths(): string[];
  /** A copy of a file's content. */
  contents(path: string): Uint8Array;
  /** Puts content on the disk behind everybody's back, as rot does; creates the file if need be. */
  replace(path: string, bytes: Uint8Array): void;
  /** As in the options; may be changed at any time. */
  capacityBytes: number;
}

/**
 * Files in memory that lose in a crash what a disk may lose: writes are visible at once but durable only after `sync`,
 * creations, renames and removals only after `syncDirectory`. Deterministic; nothing takes time.
 *
 * The idea is that of Pebble's and of LevelDB's strict in-memory file systems.
 */
export function createMemoryFileSystem(options: MemoryFileSystemOptions = {}): MemoryFileSystem {
  const disk = new MemoryDisk();
  disk.capacityBytes = options.capacityBytes ?? Infinity;
  return fileSystemOn(disk, options.afterOperation);
}

function fileSystemOn(
  disk: MemoryDisk,
  afterOperation?: MemoryFileSystemOptions['afterOperation'],
): MemoryFileSystem {
  const operations: FileOperation[] = [];

  /** Runs one operation; a callback may look at the file system between the effect and its telling. */
  function operate<Result>(kind: FileOperationKind, path: string, effect: () => Result): Promise<Result> {
    const operation = { kind, path };
    return new Promise((resolve) => {
      const result = effect();
      operations.push(operation);
      afterOperation?.(operation, fileSystem);
      resolve(result);
    });
  }

  const readable = (path: string, file: MemoryFile): ReadableFileShape => ({
    size: () => operate('size', path, () => file.size),
    read: (into, position) => operate('read', path, () => file.read(into, position)),
    close: () => operate('close', path, () => undefined),
  });

  const writable = (path: string, file: MemoryFile): WritableFileShape => ({
    write: (bytes, position) => operate('write', path, () => disk.write(path, { file, bytes, position })),
    writev: (parts, position) =>
      operate('write', path, () => disk.write(path, { file, bytes: joined(parts), position })),
    sync: () => operate('sync', path, () => file.sync()),
    close: () => operate('close', path, () => undefined),
  });

  const fileSystem: MemoryFileSystem = {
    makeDirectory: (path) => operate('makeDirectory', path, () => disk.makeDirectory(path)),
    list: (path) => operate('list', path, () => disk.list(path)),
    openForRead: (path) => operate('openForRead', path, () => readable(path, disk.file(path, 'openForRead'))),
    create: (path) => operate('create', path, () => writable(path, disk.create(path))),
    rename: (from, to) => operate('rename', from, () => disk.rename(from, to)),
    remove: (path) => operate('remove', path, () => disk.remove(path)),
    syncDirectory: (path) => operate('syncDirectory', path, () => disk.syncDirectory(path)),
    lock: (path) =>
      operate('lock', path, () => {
        const release = disk.lock(path);
        return { release: () => operate('release', path, release) };
      }),
    operations,
    paths: () => disk.paths(),
    contents: (path) => disk.file(path, 'openForRead').bytes.slice(),
    replace: (path, bytes) => disk.replace(path, MemoryFile.of(bytes)),
    crash: ({ keep = () => false, keepName = () => false } = {}) =>
      fileSystemOn(disk.afterCrash(keep, keepName)),
    kill: () => fileSystem.crash({ keep: () => true, keepName: () => true }),
    get capacityBytes() {
      return disk.capacityBytes;
    },
    set capacityBytes(bytes) {
      disk.capacityBytes = bytes;
    },
  };
  return fileSystem;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
