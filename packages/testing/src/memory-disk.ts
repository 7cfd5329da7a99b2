import { FileSystemError } from './file-system-shape.js';
import { MemoryFile } from './memory-file.js';

/** Names and files of a memory file system: every effect, none of the waiting. */
export class MemoryDisk {
  capacityBytes = Infinity;
  readonly #directories = new Set<string>();
  readonly #visible = new Map<string, MemoryFile>();
  /** Which file a crash leaves under which name. */
  readonly #durable = new Map<string, MemoryFile>();
  readonly #locks = new Set<string>();

  makeDirectory(directory: string): void {
    const parts = directory.split('/');
    parts.forEach((_, index) => this.#directories.add(parts.slice(0, index + 1).join('/')));
  }

  list(directory: string): string[] {
    this.#requireDirectory(directory, 'list');
    return [...this.#visible.keys()].filter((path) => parentOf(path) === directory).map(nameOf);
  }

  paths(): string[] {
    return [...this.#visible.keys()].sort();
  }

  file(path: string, kind: 'openForRead' | 'rename' | 'remove'): MemoryFile {
    const file = this.#visible.get(path);
    if (file === undefined) throw new FileSystemError('ENOENT', { kind, path });
    return file;
  }

  create(path: string): MemoryFile {
    this.#requireDirectory(parentOf(path), 'create');
    const file = this.#visible.get(path) ?? new MemoryFile();
    file.truncate();
    this.#visible.set(path, file);
    return file;
  }

  /** @returns how many bytes there was room for */
  write(
    path: string,
    { file, bytes, position }: { file: MemoryFile; bytes: Uint8Array; position: number },
  ): number {
    let used = 0;
    for (const each of new Set(this.#visible.values())) used += each.size;
    const room = Math.max(0, this.capacityBytes - used);
    const wanted = position + bytes.length;
    const end = Math.min(wanted, file.size + room);
    if (end <= position && wanted > position) throw new FileSystemError('ENOSPC', { kind: 'write', path });
    file.write(bytes.subarray(0, end - position), position);
    return end - position;
  }

  rename(from: string, to: string): void {
    const file = this.file(from, 'rename');
    this.#visible.delete(from);
    this.#visible.set(to, file);
  }

  remove(path: string): void {
    this.file(path, 'remove');
    this.#visible.delete(path);
  }

  syncDirectory(directory: string): void {
    this.#requireDirectory(directory, 'syncDirectory');
    const within = (path: string): boolean => parentOf(path) === directory;
    for (const path of this.#durable.keys()) if (within(path)) this.#durable.delete(path);
    for (const [path, file] of this.#visible) if (within(path)) this.#durable.set(path, file);
  }

  lock(directory: string): () => void {
    if (this.#locks.has(directory)) throw new FileSystemError('KV_LOCKED', { kind: 'lock', path: directory });
    this.#locks.add(directory);
    return () => void this.#locks.delete(directory);
  }

  replace(path: string, file: MemoryFile): void {
    this.#visible.set(path, file);
    this.#durable.set(path, file);
  }

  afterCrash(
    keep: (where: { readonly path: string; readonly sector: number }) => boolean,
    keepName: (path: string) => boolean,
  ): MemoryDisk {
    const after = new MemoryDisk();
    after.capacityBytes = this.capacityBytes;
    for (const directory of this.#directories) after.#directories.add(directory);
    for (const path of new Set([...this.#visible.keys(), ...this.#durable.keys()])) {
      const file = (keepName(path) ? this.#visible : this.#durable).get(path);
      if (file !== undefined)
        after.replace(
          path,
          file.afterCrash((sector) => keep({ path, sector })),
        );
    }
    return after;
  }

  #requireDirectory(directory: string, kind: 'list' | 'create' | 'syncDirectory'): void {
    if (!this.#directories.has(directory)) throw new FileSystemError('ENOENT', { kind, path: directory });
  }
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
