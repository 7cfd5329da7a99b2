import {
  createMemoryFileSystem,
  FileSystemError,
  type FileOperationKind,
  type FileSystemShape,
  type MemoryFileSystem,
  type ReadableFileShape,
  type SeededRandom,
  type WritableFileShape,
} from '@kv/testing';

import type { SimulatedProcess } from '../world/simulated-process.js';
import { labels, type World } from '../world/world.js';
import { DurableRecords } from './durable-records.js';
import type { FoundRecord } from './record-scan.js';

/** What is wrong with a disk at the moment. */
export interface DiskTrouble {
  /** Every operation takes this many times as long. */
  slowFactor: number;
  /** Operations of these kinds fail with this code. */
  readonly failing: Map<FileOperationKind, string>;
  /** Nothing completes before this virtual time. */
  stalledUntilMs: number;
  /** No sync completes before this virtual time. */
  stalledSyncsUntilMs: number;
}

export interface SimulatedDiskPorts {
  readonly world: World;
  readonly random: SeededRandom;
  readonly onAppended: (record: FoundRecord) => void;
  /** A deliberate bug: a sync does nothing, and says that it did. */
  readonly disksLie: boolean;
}

/** Milliseconds that an operation takes on a disk in good health: at least, and at most in addition. */
const durations: Readonly<Partial<Record<FileOperationKind, readonly [number, number]>>> = {
  write: [0.02, 0.08],
  sync: [0.1, 0.9],
  syncDirectory: [0.1, 0.5],
};
const otherDuration: readonly [number, number] = [0.01, 0.02];

interface PendingWrite {
  readonly path: string;
  readonly apply: () => Promise<unknown>;
}

/**
 * One machine's disk: @kv/testing's crash-modelling files, with time and trouble added. Outlives the processes that use
 * it; a crash replaces the files by what a crash leaves of them.
 */
export class SimulatedDisk {
  readonly trouble: DiskTrouble = {
    slowFactor: 1,
    failing: new Map(),
    stalledUntilMs: 0,
    stalledSyncsUntilMs: 0,
  };
  readonly durable: DurableRecords;
  readonly #ports: SimulatedDiskPorts;
  #files: MemoryFileSystem = emptyDisk();
  readonly #pendingWrites = new Set<PendingWrite>();

  constructor(ports: SimulatedDiskPorts) {
    this.#ports = ports;
    this.durable = new DurableRecords(ports.onAppended);
  }

  get files(): MemoryFileSystem {
    return this.#files;
  }

  /** Whoever holds it belongs to this process: its operations end with it. */
  fileSystemFor(process: SimulatedProcess): FileSystemShape {
    const files = this.#files;
    const operate = <Result>(kind: FileOperationKind, path: string, act: () => Promise<Result>) =>
      this.#operate({ kind, path, process }, act);
    return {
      makeDirectory: (path) => operate('makeDirectory', path, () => files.makeDirectory(path)),
      list: (path) => operate('list', path, () => files.list(path)),
      openForRead: (path) =>
        operate('openForRead', path, async () => {
          const file = await files.openForRead(path);
          return {
            size: () => operate('size', path, () => file.size()),
            read: (into, position) => operate('read', path, () => file.read(into, position)),
            close: () => operate('close', path, () => file.close()),
          } satisfies ReadableFileShape;
        }),
      create: (path) =>
        operate('create', path, async () => {
          this.durable.removed(path);
          return this.#writable(path, { file: await files.create(path), process });
        }),
      rename: (from, to) =>
        operate('rename', from, () => {
          this.durable.renamed(from, to);
          return files.rename(from, to);
        }),
      remove: (path) =>
        operate('remove', path, () => {
          this.durable.removed(path);
          return files.remove(path);
        }),
      syncDirectory: (path) => operate('syncDirectory', path, () => files.syncDirectory(path)),
      lock: (path) => operate('lock', path, () => files.lock(path)),
    };
  }

  #writable(
    path: string,
    { file, process }: { readonly file: WritableFileShape; readonly process: SimulatedProcess },
  ): WritableFileShape {
    const operate = <Result>(kind: FileOperationKind, act: () => Promise<Result>) =>
      this.#operate({ kind, path, process }, act);
    const written = (parts: readonly Uint8Array[], act: () => Promise<number>): Promise<number> => {
      const apply = async (): Promise<number> => {
        this.#pendingWrites.delete(pending);
        const taken = await act();
        this.durable.written(path, partsUpTo(parts, taken));
        return taken;
      };
      const pending: PendingWrite = { path, apply };
      this.#pendingWrites.add(pending);
      return operate('write', apply);
    };
    return {
      write: (bytes, position) => written([bytes], () => file.write(bytes, position)),
      writev: (parts, position) => written(parts, () => file.writev(parts, position)),
      writevAtOnce: (parts, position) => {
        const taken = this.#takesAtOnce() ? file.writevAtOnce(parts, position) : undefined;
        if (taken !== undefined) this.durable.written(path, partsUpTo(parts, taken));
        return taken;
      },
      sync: () =>
        operate('sync', async () => {
          if (this.#ports.disksLie) return;
          await file.sync();
          this.durable.synced(path);
        }),
      close: () => operate('close', () => file.close()),
    };
  }

  /** The process was killed: what it had handed to the operating system stays, and a write under way may or may not. */
  async afterKill(): Promise<void> {
    for (const { apply } of [...this.#pendingWrites]) {
      if (this.#ports.random.float() < 0.5) await apply().catch(() => undefined);
    }
    this.#replace(this.#files.kill());
  }

  /** The machine lost power: of what was not synced each sector, and each name, is kept by chance. */
  async afterPowerLoss({ keptShare }: { readonly keptShare: number }): Promise<void> {
    const { random } = this.#ports;
    for (const { apply } of [...this.#pendingWrites]) {
      if (random.float() < 0.5) await apply().catch(() => undefined);
    }
    const keep = (): boolean => random.float() < keptShare;
    this.#replace(this.#files.crash({ keep, keepName: keep }));
  }

  /** A new disk was put in. */
  wipe(): void {
    this.#replace(emptyDisk());
  }

  /** A copy to put back later, as from a backup or a virtual machine's snapshot. */
  copy(): MemoryFileSystem {
    return this.#files.kill();
  }

  restore(files: MemoryFileSystem): void {
    this.#replace(files.kill());
  }

  /** Flips one bit of a file. Returns its path, or undefined if there is no file to rot. */
  rot(isTarget: (path: string) => boolean): string | undefined {
    const { random } = this.#ports;
    const paths = this.#files
      .paths()
      .filter((path) => isTarget(path) && this.#files.contents(path).length > 0);
    if (paths.length === 0) return undefined;
    const path = random.pick(paths);
    const bytes = this.#files.contents(path);
    const at = random.below(bytes.length);
    bytes[at]! ^= 1 << random.below(8);
    this.#files.replace(path, bytes);
    this.durable.readAgain(this.#files);
    return path;
  }

  /** Leaves room for so many bytes more; Infinity ends that. */
  limit(roomBytes: number): void {
    let used = 0;
    for (const path of this.#files.paths()) used += this.#files.contents(path).length;
    this.#files.capacityBytes = used + roomBytes;
  }

  #replace(files: MemoryFileSystem): void {
    this.#pendingWrites.clear();
    this.#files = files;
    this.#files.capacityBytes = Infinity;
    this.durable.readAgain(files);
  }

  #operate<Result>(
    { kind, path, process }: { kind: FileOperationKind; path: string; process: SimulatedProcess },
    act: () => Promise<Result>,
  ): Promise<Result> {
    const { world, random } = this.#ports;
    const { slowFactor, failing } = this.trouble;
    const [leastMs, variesMs] = durations[kind] ?? otherDuration;
    const takesMs = (leastMs + random.float() * variesMs) * slowFactor;
    const delayMs = Math.max(takesMs, this.#stalledUntilMs(kind) - world.nowMs);
    return new Promise((resolve, reject) => {
      world.post(delayMs, { process, label: labels.disk }, () => {
        const code = failing.get(kind);
        if (code !== undefined) reject(new FileSystemError(code, { kind, path }));
        else act().then(resolve, reject);
      });
    });
  }

  /** By chance, so that the log meets both ways; not in trouble, which takes time. */
  #takesAtOnce(): boolean {
    const { world, random } = this.#ports;
    const { slowFactor, failing } = this.trouble;
    const isWell = slowFactor === 1 && !failing.has('write') && this.#stalledUntilMs('write') <= world.nowMs;
    return isWell && random.float() < 0.5;
  }

  #stalledUntilMs(kind: FileOperationKind): number {
    const { stalledUntilMs, stalledSyncsUntilMs } = this.trouble;
    return kind === 'sync' ? Math.max(stalledUntilMs, stalledSyncsUntilMs) : stalledUntilMs;
  }
}

/** Nobody reads the list of its operations, which would only grow. */
function emptyDisk(): MemoryFileSystem {
  return createMemoryFileSystem({ listOperations: false });
}

function partsUpTo(parts: readonly Uint8Array[], taken: number): readonly Uint8Array[] {
  let left = taken;
  return parts.map((part) => {
    const kept = part.subarray(0, Math.max(0, left));
    left -= part.length;
    return kept;
  });
}
