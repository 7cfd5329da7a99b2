import { FileSystemError } from './file-system-shape.js';
import { MemoryFile } from './memory-file.js';

/** What a name leads to: as everybody sees it, and what a crash may find instead. */
export interface Name {
  /** As of the directory's last sync; undefined: nothing. */
  stable: MemoryFile | undefined;
  /** What it led to since, in order. Empty: unchanged. */
  versions: (MemoryFile | undefined)[];
}

/** Names and files of a memory file system: every effect, none of the waiting. */
export class MemoryDisk {
  capacityBytes = Infinity;
  readonly #directories = new Set<string>();
  readonly #names = new Map<string, Name>();
  readonly #locks = new Set<string>();
  #usedBytes = 0;

  /** Bytes of all files that have a name. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  get names(): ReadonlyMap<string, Name> {
    return this.#names;
  }

  makeDirectory(directory: string): void {
    for (let path = directory; path !== '' && !this.#directories.has(path); path = parentOf(path)) {
      this.#directories.add(path);
    }
    this.#directories.add('');
  }

  list(directory: string): string[] {
    this.#requireDirectory(directory, 'list');
    const found: string[] = [];
    for (const [path, name] of this.#names) {
      if (visibleOf(name) !== undefined && parentOf(path) === directory) found.push(nameOf(path));
    }
    return found;
  }

  paths(): string[] {
    return [...this.#names]
      .filter(([, name]) => visibleOf(name) !== undefined)
      .map(([path]) => path)
      .sort();
  }

  file(path: string, kind: 'openForRead' | 'rename' | 'remove'): MemoryFile {
    const name = this.#names.get(path);
    const file = name === undefined ? undefined : visibleOf(name);
    if (file === undefined) throw new FileSystemError('ENOENT', { kind, path });
    return file;
  }

  create(path: string): MemoryFile {
    this.#requireDirectory(parentOf(path), 'create');
    const name = this.#names.get(path);
    const present = name === undefined ? undefined : visibleOf(name);
    if (present !== undefined) {
      this.#usedBytes -= present.size;
      present.truncate();
      return present;
    }
    const file = new MemoryFile();
    this.#bind(path, file);
    return file;
  }

  /** @returns how many bytes there was room for */
  write(
    path: string,
    { file, parts, position }: { file: MemoryFile; parts: readonly Uint8Array[]; position: number },
  ): number {
    let length = 0;
    for (const part of parts) length += part.length;
    const before = file.size;
    const room = Math.max(0, this.capacityBytes - this.#usedBytes);
    const end = Math.min(position + length, before + room);
    if (end <= position && length > 0) throw new FileSystemError('ENOSPC', { kind: 'write', path });
    file.write(parts, position, end - position);
    if (file.links > 0) this.#usedBytes += file.size - before;
    return end - position;
  }

  rename(from: string, to: string): void {
    const file = this.file(from, 'rename');
    if (from === to) return;
    this.#bind(to, file);
    this.#bind(from, undefined);
  }

  remove(path: string): void {
    this.file(path, 'remove');
    this.#bind(path, undefined);
  }

  syncDirectory(directory: string): void {
    this.#requireDirectory(directory, 'syncDirectory');
    for (const [path, name] of this.#names) {
      if (name.versions.length === 0 || parentOf(path) !== directory) continue;
      name.stable = visibleOf(name);
      name.versions = [];
      if (name.stable === undefined) this.#names.delete(path);
    }
  }

  lock(directory: string): () => void {
    if (this.#locks.has(directory)) throw new FileSystemError('KV_LOCKED', { kind: 'lock', path: directory });
    this.#locks.add(directory);
    return () => void this.#locks.delete(directory);
  }

  /** Puts a synced file under a synced name. */
  replace(path: string, file: MemoryFile): void {
    this.#bind(path, file);
    const name = this.#names.get(path)!;
    name.stable = file;
    name.versions = [];
  }

  wipe(): void {
    this.#names.clear();
    this.#usedBytes = 0;
  }

  /** @param choose called for each name in order: what it leads to on the disk, the file made of what that file had */
  afterCrash(choose: () => MemoryFile | undefined): MemoryDisk {
    const after = new MemoryDisk();
    after.capacityBytes = this.capacityBytes;
    for (const directory of this.#directories) after.#directories.add(directory);
    for (const path of this.#names.keys()) {
      const file = choose();
      if (file !== undefined) after.replace(path, file);
    }
    return after;
  }

  #bind(path: string, file: MemoryFile | undefined): void {
    let name = this.#names.get(path);
    if (name === undefined) this.#names.set(path, (name = { stable: undefined, versions: [] }));
    const before = visibleOf(name);
    if (before !== undefined) {
      before.links -= 1;
      if (before.links === 0) this.#usedBytes -= before.size;
    }
    if (file !== undefined) {
      if (file.links === 0) this.#usedBytes += file.size;
      file.links += 1;
    }
    name.versions.push(file);
  }

  #requireDirectory(directory: string, kind: 'list' | 'create' | 'syncDirectory'): void {
    if (!this.#directories.has(directory)) throw new FileSystemError('ENOENT', { kind, path: directory });
  }
}

export function visibleOf({ stable, versions }: Name): MemoryFile | undefined {
  return versions.length === 0 ? stable : versions[versions.length - 1];
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
