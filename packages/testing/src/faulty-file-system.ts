import {
  type FileOperation,
  type FileOperationKind,
  type FileSystemShape,
  FileSystemError,
} from './file-system-shape.js';

export interface Fault {
  readonly on: FileOperationKind;
  /** Begins at the n-th operation of this kind, counted from 1. Default 1. */
  readonly nth?: number | undefined;
  /** How many in a row; Infinity until `heal()`. Default 1. */
  readonly times?: number | undefined;
  /** Only operations on such paths are counted and hit. */
  readonly path?: RegExp | undefined;
  /**
   * A code (`EIO`, `ENOSPC`, `EACCES` …): the operation has no effect and rejects with it. A number, for reads and
   * writes: takes at most so many bytes.
   */
  readonly effect: string | number;
}

export interface FaultyFileSystem extends FileSystemShape {
  /** How many operations were hit. */
  readonly fired: number;
  /** Ends all faults. */
  heal(): void;
}

/** A file system that does what the inner one does, but fails according to plan. */
export function createFaultyFileSystem(inner: FileSystemShape, plan: readonly Fault[]): FaultyFileSystem {
  const seen = plan.map(() => 0);
  let fired = 0;
  let healed = false;

  /** @returns how many bytes the operation may take */
  function meet(operation: FileOperation): number {
    let bytesMax = Infinity;
    plan.forEach(({ on, nth = 1, times = 1, path, effect }, index) => {
      if (on !== operation.kind || (path !== undefined && !path.test(operation.path))) return;
      const count = (seen[index] = seen[index]! + 1);
      if (healed || count < nth || count >= nth + times) return;
      fired += 1;
      if (typeof effect === 'string') throw new FileSystemError(effect, operation);
      bytesMax = Math.min(bytesMax, effect);
    });
    return bytesMax;
  }

  async function before<Result>(
    operation: FileOperation,
    act: (bytesMax: number) => Promise<Result>,
  ): Promise<Result> {
    return act(meet(operation));
  }

  return {
    makeDirectory: (path) => before({ kind: 'makeDirectory', path }, () => inner.makeDirectory(path)),
    list: (path) => before({ kind: 'list', path }, () => inner.list(path)),
    rename: (path, to) => before({ kind: 'rename', path }, () => inner.rename(path, to)),
    remove: (path) => before({ kind: 'remove', path }, () => inner.remove(path)),
    syncDirectory: (path) => before({ kind: 'syncDirectory', path }, () => inner.syncDirectory(path)),
    lock: (path) => before({ kind: 'lock', path }, () => inner.lock(path)),
    openForRead: (path) =>
      before({ kind: 'openForRead', path }, async () => {
        const file = await inner.openForRead(path);
        return {
          size: () => before({ kind: 'size', path }, () => file.size()),
          read: (into, position) =>
            before({ kind: 'read', path }, (bytesMax) => file.read(into.subarray(0, bytesMax), position)),
          close: () => before({ kind: 'close', path }, () => file.close()),
        };
      }),
    create: (path) =>
      before({ kind: 'create', path }, async () => {
        const file = await inner.create(path);
        return {
          write: (bytes, position) =>
            before({ kind: 'write', path }, (bytesMax) => file.write(bytes.subarray(0, bytesMax), position)),
          writev: (parts, position) =>
            before({ kind: 'write', path }, (bytesMax) => file.writev(firstBytes(parts, bytesMax), position)),
          sync: () => before({ kind: 'sync', path }, () => file.sync()),
          close: () => before({ kind: 'close', path }, () => file.close()),
        };
      }),
    get fired() {
      return fired;
    },
    heal() {
      healed = true;
    },
  };
}

function firstBytes(parts: readonly Uint8Array[], bytesMax: number): readonly Uint8Array[] {
  const taken: Uint8Array[] = [];
  let room = bytesMax;
  for (const part of parts) {
    if (room <= 0) break;
    taken.push(part.subarray(0, room));
    room -= part.length;
  }
  return taken;
}
