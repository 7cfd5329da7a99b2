import { type CrashPoint, DiskCrashPoint, keepAll, type UnsyncedChange } from './crash-point.js';
import type {
  FileOperation,
  FileOperationKind,
  FileSystemShape,
  ReadableFileShape,
  WritableFileShape,
} from './file-system-shape.js';
import { FileSystemError } from './file-system-shape.js';
import { MemoryDisk } from './memory-disk.js';
import { MemoryFile } from './memory-file.js';

export interface MemoryFileSystemOptions {
  /** Bytes that all files may have together; a write takes what fits, the next one fails with ENOSPC. Default Infinity. */
  readonly capacityBytes?: number | undefined;
  /** Called after each operation has had its effect, before its caller learns of it: the place to take a `crash()`. */
  readonly afterOperation?: AfterOperation | undefined;
  /** Keep the list of operations. Default true; false for long runs, as the list only grows. */
  readonly listOperations?: boolean | undefined;
}

export type AfterOperation = (operation: FileOperation, fileSystem: MemoryFileSystem) => void;

export interface CrashOptions {
  /**
   * Which sectors written since a file's last sync reached the disk all the same; a number: with so many of the writes to
   * it. Default none.
   */
  readonly keep?: ((where: KeepWhere) => boolean | number) | undefined;
  /** Which names changed since the directory's last sync are changed on the disk all the same. Default none. */
  readonly keepName?: ((path: string) => boolean | number) | undefined;
  /** Which files have their new size on the disk, with zeros where sectors are missing. Default none. */
  readonly keepSize?: ((path: string) => boolean | number) | undefined;
  /** A choice as for `crashPoint()`, instead of the functions above. */
  readonly choice?: ArrayLike<number> | undefined;
}

export interface KeepWhere {
  readonly path: string;
  readonly sector: number;
  /** How many writes to the sector no sync has followed. */
  readonly versions: number;
}

export interface MemoryFileSystem extends FileSystemShape {
  /** What the machine finds after it lost power now. This one goes on as if nothing had happened. */
  crash(options?: CrashOptions): MemoryFileSystem;
  /** What the next process finds after this one was killed now: everything, synced or not, and no locks. */
  kill(): MemoryFileSystem;
  /** Everything that a crash now may or may not leave, for whoever wants to try all of it. */
  crashPoint(): CrashPoint;
  /** Every operation so far, in the order of their effects. */
  readonly operations: readonly FileOperation[];
  /** Paths of all files, sorted. */
  paths(): string[];
  /** A copy of a file's content. */
  contents(path: string): Uint8Array;
  /** Puts content on the disk behind everybody's back, as rot does; creates the file if need be. */
  replace(path: string, bytes: Uint8Array): void;
  /** Flips one bit at rest. Bit 0 is the lowest of the first byte. */
  flip(path: string, bit: number): void;
  /** Another disk was put in: no files, the directories are made anew by whoever needs them. */
  wipe(): void;
  /**
   * Makes the next sync of a matching file fail with the code, as Linux does it: what it should have made durable counts
   * as written, and is never brought to the disk by a later sync.
   */
  failSync(code: string, path?: RegExp): void;
  /** Bytes of all files that have a name. */
  readonly usedBytes: number;
  /** As in the options; may be changed at any time. */
  capacityBytes: number;
  /** As in the options; may be changed at any time. A copy made by a crash begins without. */
  afterOperation: AfterOperation | undefined;
}

/**
 * Files in memory that lose in a crash what a disk may lose: writes are visible at once but durable only after `sync`,
 * creations, renames and removals only after `syncDirectory`. What was not synced may be lost, kept or kept in part, each
 * sector and each name for itself. Deterministic; nothing takes time. A crash costs little: what both have is shared.
 *
 * The idea is that of Pebble's and of LevelDB's strict in-memory file systems; the choice among what was not synced is
 * that of ALICE ("All File Systems Are Not Created Equal", OSDI 2014).
 */
export function createMemoryFileSystem(options: MemoryFileSystemOptions = {}): MemoryFileSystem {
  const disk = new MemoryDisk();
  disk.capacityBytes = options.capacityBytes ?? Infinity;
  const fileSystem = fileSystemOn(disk, options.listOperations ?? true);
  fileSystem.afterOperation = options.afterOperation;
  return fileSystem;
}

/** An object of its own functions: what wraps it may copy them and replace some. */
function fileSystemOn(disk: MemoryDisk, listOperations: boolean): MemoryFileSystem {
  const operations: FileOperation[] = [];
  /** Runs one operation; a callback may look at the file system between the effect and its telling. */
  function operate<Result>(kind: FileOperationKind, path: string, effect: () => Result): Promise<Result> {
    return new Promise((resolve) => {
      const result = effect();
      const { afterOperation } = fileSystem;
      if (listOperations || afterOperation !== undefined) {
        const operation = { kind, path };
        if (listOperations) operations.push(operation);
        afterOperation?.(operation, fileSystem);
      }
      resolve(result);
    });
  }

  const fileSystem: MemoryFileSystem = {
    ...namesOf(disk, operate),
    ...filesOf(disk, operate),
    operations,
    afterOperation: undefined,
    paths: () => disk.paths(),
    contents: (path) => disk.file(path, 'openForRead').copyOfBytes(),
    replace: (path, bytes) => disk.replace(path, MemoryFile.of(bytes)),
    flip: (path, bit) => disk.file(path, 'openForRead').flip(bit),
    wipe: () => disk.wipe(),
    crashPoint: () => new DiskCrashPoint(disk),
    crash: (options = {}) => {
      const point = new DiskCrashPoint(disk);
      const choice = options.choice ?? point.unsynced.map((change) => kept(options, change));
      return fileSystemOn(point.image(choice), listOperations);
    },
    kill: () => {
      const point = new DiskCrashPoint(disk);
      return fileSystemOn(point.image(keepAll(point)), listOperations);
    },
    get usedBytes() {
      return disk.usedBytes;
    },
    get capacityBytes() {
      return disk.capacityBytes;
    },
    set capacityBytes(bytes) {
      disk.capacityBytes = bytes;
    },
  };
  return fileSystem;
}

type Operate = <Result>(kind: FileOperationKind, path: string, effect: () => Result) => Promise<Result>;

function filesOf(
  disk: MemoryDisk,
  operate: Operate,
): Pick<MemoryFileSystem, 'openForRead' | 'create' | 'failSync'> {
  let fault: { readonly code: string; readonly path: RegExp | undefined } | undefined;

  function sync(path: string, file: MemoryFile): void {
    if (fault === undefined || fault.path?.test(path) === false) {
      file.sync();
      return;
    }
    const { code } = fault;
    fault = undefined;
    file.failSync();
    throw new FileSystemError(code, { kind: 'sync', path });
  }

  const readable = (path: string, file: MemoryFile): ReadableFileShape => ({
    size: () => operate('size', path, () => file.size),
    read: (into, position) => operate('read', path, () => file.read(into, position)),
    close: () => operate('close', path, () => undefined),
  });

  const writable = (path: string, file: MemoryFile): WritableFileShape => {
    const write = (parts: readonly Uint8Array[], position: number): Promise<number> =>
      operate('write', path, () => disk.write(path, { file, parts, position }));
    return {
      write: (bytes, position) => write([bytes], position),
      writev: write,
      sync: () => operate('sync', path, () => sync(path, file)),
      close: () => operate('close', path, () => undefined),
    };
  };

  return {
    openForRead: (path) => operate('openForRead', path, () => readable(path, disk.file(path, 'openForRead'))),
    create: (path) => operate('create', path, () => writable(path, disk.create(path))),
    failSync: (code, path) => {
      fault = { code, path };
    },
  };
}

/** What concerns directories, and needs no file. */
function namesOf(disk: MemoryDisk, operate: Operate): Omit<FileSystemShape, 'openForRead' | 'create'> {
  return {
    makeDirectory: (path) => operate('makeDirectory', path, () => disk.makeDirectory(path)),
    list: (path) => operate('list', path, () => disk.list(path)),
    rename: (from, to) => operate('rename', from, () => disk.rename(from, to)),
    remove: (path) => operate('remove', path, () => disk.remove(path)),
    syncDirectory: (path) => operate('syncDirectory', path, () => disk.syncDirectory(path)),
    lock: (path) =>
      operate('lock', path, () => {
        const release = disk.lock(path);
        return { release: () => operate('release', path, release) };
      }),
  };
}

function kept({ keep, keepName, keepSize }: CrashOptions, change: UnsyncedChange): number {
  const { kind, path, sector = 0, versions } = change;
  const asked =
    kind === 'sector'
      ? keep?.({ path, sector, versions })
      : kind === 'name'
        ? keepName?.(path)
        : keepSize?.(path);
  return asked === undefined
    ? 0
    : typeof asked === 'number'
      ? Math.min(asked, versions)
      : asked
        ? versions
        : 0;
}
