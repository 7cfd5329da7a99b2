import {
  type FileOperation,
  type FileOperationKind,
  type FileSystemShape,
  type ReadableFileShape,
  type WritableFileShape,
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
  readonly effect: FaultEffect;
}

/**
 * A code (`EIO`, `ENOSPC`, `EACCES` …): the operation has no effect and rejects with it. A number, for reads and writes:
 * takes at most so many bytes. `delayMs`: a slow disk, the effect comes late (needs timers). `lie`: the operation
 * reports success and does nothing; for sync, syncDirectory, write, rename and remove.
 */
export type FaultEffect = string | number | { readonly delayMs: number } | { readonly lie: true };

export interface FaultyFileSystemPorts {
  /** For faults that delay. */
  readonly timers?: { after(delayMs: number, callback: () => void): () => void } | undefined;
}

export interface FaultyFileSystem extends FileSystemShape {
  /** How many operations were hit. */
  readonly fired: number;
  /** Adds a fault, counting from now. Returns what ends it. */
  inject(fault: Fault): () => void;
  /** Ends all faults so far. */
  heal(): void;
}

interface Met {
  readonly bytesMax: number;
  readonly delayMs: number;
  readonly lie: boolean;
}

const unharmed: Met = { bytesMax: Infinity, delayMs: 0, lie: false };

/** A file system that does what the inner one does, but fails according to plan. */
export function createFaultyFileSystem(
  inner: FileSystemShape,
  plan: readonly Fault[],
  { timers }: FaultyFileSystemPorts = {},
): FaultyFileSystem {
  let active: { readonly fault: Fault; seen: number }[] = plan.map((fault) => ({ fault, seen: 0 }));
  let fired = 0;

  function meet(operation: FileOperation): Met {
    let met = unharmed;
    for (const each of active) {
      const { on, nth = 1, times = 1, path, effect } = each.fault;
      if (on !== operation.kind || (path !== undefined && !path.test(operation.path))) continue;
      each.seen += 1;
      if (each.seen < nth || each.seen >= nth + times) continue;
      fired += 1;
      if (typeof effect === 'string') throw new FileSystemError(effect, operation);
      met = worse(met, effect);
    }
    return met;
  }

  const isAwaited: IsAwaited = ({ kind, path: of }) =>
    active.some(({ fault: { on, path } }) => on === kind && path?.test(of) !== false);

  const before: Before = async (operation, act, lied) => {
    const { bytesMax, delayMs, lie } = meet(operation);
    if (delayMs > 0) {
      if (timers === undefined) throw new Error('a fault with delayMs needs timers');
      await new Promise<void>((resolve) => {
        timers.after(delayMs, resolve);
      });
    }
    if (!lie) return act(bytesMax);
    if (lied === undefined) throw new Error(`a fault cannot lie about ${operation.kind}`);
    return lied();
  };

  return {
    ...hit(inner, { before, isAwaited }),
    get fired() {
      return fired;
    },
    inject(fault) {
      const added = { fault, seen: 0 };
      active = [...active, added];
      return () => {
        active = active.filter((each) => each !== added);
      };
    },
    heal() {
      active = [];
    },
  };
}

type Before = <Result>(
  operation: FileOperation,
  act: (bytesMax: number) => Promise<Result>,
  /** The answer of an operation that only pretends. */
  lied?: () => Result,
) => Promise<Result>;

/** Whether a fault may hit such an operation, now or later. */
type IsAwaited = (operation: FileOperation) => boolean;

interface Faults {
  readonly before: Before;
  readonly isAwaited: IsAwaited;
}

const nothing = (): void => undefined;

function hit(inner: FileSystemShape, faults: Faults): FileSystemShape {
  const { before } = faults;
  return {
    makeDirectory: (path) => before({ kind: 'makeDirectory', path }, () => inner.makeDirectory(path)),
    list: (path) => before({ kind: 'list', path }, () => inner.list(path)),
    rename: (path, to) => before({ kind: 'rename', path }, () => inner.rename(path, to), nothing),
    remove: (path) => before({ kind: 'remove', path }, () => inner.remove(path), nothing),
    syncDirectory: (path) =>
      before({ kind: 'syncDirectory', path }, () => inner.syncDirectory(path), nothing),
    lock: (path) => before({ kind: 'lock', path }, () => inner.lock(path)),
    openForRead: (path) =>
      before({ kind: 'openForRead', path }, async () =>
        hitReads(path, await inner.openForRead(path), before),
      ),
    create: (path) =>
      before({ kind: 'create', path }, async () => hitWrites(path, await inner.create(path), faults)),
  };
}

function hitReads(path: string, file: ReadableFileShape, before: Before): ReadableFileShape {
  return {
    size: () => before({ kind: 'size', path }, () => file.size()),
    read: (into, position) =>
      before({ kind: 'read', path }, (bytesMax) => file.read(into.subarray(0, bytesMax), position)),
    close: () => before({ kind: 'close', path }, () => file.close()),
  };
}

function hitWrites(path: string, file: WritableFileShape, { before, isAwaited }: Faults): WritableFileShape {
  return {
    write: (bytes, position) =>
      before(
        { kind: 'write', path },
        (bytesMax) => file.write(bytes.subarray(0, bytesMax), position),
        () => bytes.length,
      ),
    writev: (parts, position) =>
      before(
        { kind: 'write', path },
        (bytesMax) => file.writev(firstBytes(parts, bytesMax), position),
        () => parts.reduce((sum, part) => sum + part.length, 0),
      ),
    // Where a fault is awaited, in the way that it can delay.
    writevAtOnce: (parts, position) =>
      isAwaited({ kind: 'write', path }) ? undefined : file.writevAtOnce(parts, position),
    sync: () => before({ kind: 'sync', path }, () => file.sync(), nothing),
    close: () => before({ kind: 'close', path }, () => file.close()),
  };
}

function worse(met: Met, effect: Exclude<FaultEffect, string>): Met {
  if (typeof effect === 'number') return { ...met, bytesMax: Math.min(met.bytesMax, effect) };
  if ('lie' in effect) return { ...met, lie: true };
  return { ...met, delayMs: met.delayMs + effect.delayMs };
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
