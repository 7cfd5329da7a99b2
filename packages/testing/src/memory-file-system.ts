import { type CrashPoint, DiskCrashPoint, keepAll, type UnsyncedChange } from './crash-point.js';
import type {
  DirectoryLockShape,
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
  const fileSystem = new DiskFileSystem(disk, options.listOperations ?? true);
  fileSystem.afterOperation = options.afterOperation;
  return fileSystem;
}

/**
 * Its methods are functions of its own, so that what wraps it may copy them and replace some. A class, as crash copies are
 * made by the million: an object put together from parts takes fifty times as long.
 */
class DiskFileSystem implements MemoryFileSystem {
  readonly operations: FileOperation[] = [];
  afterOperation: AfterOperation | undefined = undefined;
  readonly #disk: MemoryDisk;
  readonly #listOperations: boolean;
  #syncFault: { readonly code: string; readonly path: RegExp | undefined } | undefined;

  constructor(disk: MemoryDisk, listOperations: boolean) {
    this.#disk = disk;
    this.#listOperations = listOperations;
  }

  readonly makeDirectory = (path: string): Promise<void> =>
    this.#operate('makeDirectory', path, () => this.#disk.makeDirectory(path));

  readonly list = (path: string): Promise<string[]> =>
    this.#operate('list', path, () => this.#disk.list(path));

  readonly openForRead = (path: string): Promise<ReadableFileShape> =>
    this.#operate('openForRead', path, () => this.#readable(path, this.#disk.file(path, 'openForRead')));

  readonly create = (path: string): Promise<WritableFileShape> =>
    this.#operate('create', path, () => this.#writable(path, this.#disk.create(path)));

  readonly rename = (from: string, to: string): Promise<void> =>
    this.#operate('rename', from, () => this.#disk.rename(from, to));

  readonly remove = (path: string): Promise<void> =>
    this.#operate('remove', path, () => this.#disk.remove(path));

  readonly syncDirectory = (path: string): Promise<void> =>
    this.#operate('syncDirectory', path, () => this.#disk.syncDirectory(path));

  readonly lock = (path: string): Promise<DirectoryLockShape> =>
    this.#operate('lock', path, () => {
      const release = this.#disk.lock(path);
      return { release: () => this.#operate('release', path, release) };
    });

  paths(): string[] {
    return this.#disk.paths();
  }

  contents(path: string): Uint8Array {
    return this.#disk.file(path, 'openForRead').copyOfBytes();
  }

  replace(path: string, bytes: Uint8Array): void {
    this.#disk.replace(path, MemoryFile.of(bytes));
  }

  flip(path: string, bit: number): void {
    this.#disk.file(path, 'openForRead').flip(bit);
  }

  wipe(): void {
    this.#disk.wipe();
  }

  failSync(code: string, path?: RegExp): void {
    this.#syncFault = { code, path };
  }

  crashPoint(): CrashPoint {
    return new DiskCrashPoint(this.#disk);
  }

  crash(options: CrashOptions = {}): MemoryFileSystem {
    const point = new DiskCrashPoint(this.#disk);
    return this.#on(point.image(options.choice ?? point.unsynced.map((change) => kept(options, change))));
  }

  kill(): MemoryFileSystem {
    const point = new DiskCrashPoint(this.#disk);
    return this.#on(point.image(keepAll(point)));
  }

  get usedBytes(): number {
    return this.#disk.usedBytes;
  }

  get capacityBytes(): number {
    return this.#disk.capacityBytes;
  }

  set capacityBytes(bytes: number) {
    this.#disk.capacityBytes = bytes;
  }

  #on(disk: MemoryDisk): MemoryFileSystem {
    return new DiskFileSystem(disk, this.#listOperations);
  }

  #readable(path: string, file: MemoryFile): ReadableFileShape {
    return {
      size: () => this.#operate('size', path, () => file.size),
      read: (into, position) => this.#operate('read', path, () => file.read(into, position)),
      close: () => this.#operate('close', path, () => undefined),
    };
  }

  #writable(path: string, file: MemoryFile): WritableFileShape {
    const write = (parts: readonly Uint8Array[], position: number): number =>
      this.#did('write', path, () => this.#disk.write(path, { file, parts, position }));
    return {
      write: (bytes, position) => promised(() => write([bytes], position)),
      writev: (parts, position) => promised(() => write(parts, position)),
      writevAtOnce: write,
      sync: () => this.#operate('sync', path, () => this.#sync(path, file)),
      close: () => this.#operate('close', path, () => undefined),
    };
  }

  #sync(path: string, file: MemoryFile): void {
    const fault = this.#syncFault;
    if (fault === undefined || fault.path?.test(path) === false) {
      file.sync();
      return;
    }
    this.#syncFault = undefined;
    file.failSync();
    throw new FileSystemError(fault.code, { kind: 'sync', path });
  }

  #operate<Result>(kind: FileOperationKind, path: string, effect: () => Result): Promise<Result> {
    return promised(() => this.#did(kind, path, effect));
  }

  /** Runs one operation; a callback may look at the file system between the effect and its telling. */
  #did<Result>(kind: FileOperationKind, path: string, effect: () => Result): Result {
    const result = effect();
    const { afterOperation } = this;
    if (this.#listOperations || afterOperation !== undefined) {
      const operation = { kind, path };
      if (this.#listOperations) this.operations.push(operation);
      afterOperation?.(operation, this);
    }
    return result;
  }
}

function promised<Result>(effect: () => Result): Promise<Result> {
  return new Promise((resolve) => {
    resolve(effect());
  });
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
