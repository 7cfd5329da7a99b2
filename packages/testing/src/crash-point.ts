import type { MemoryDisk, Name } from './memory-disk.js';
import type { FileChoice, MemoryFile } from './memory-file.js';
import { type HashSum, scramble } from './sector.js';

const imul = Math.imul;

/** Something that a crash may or may not have brought to the disk, each independently of the others. */
export interface UnsyncedChange {
  /**
   * `sector`: 512 bytes written since the file's last sync. `size`: the file's new size without its bytes (zeros where
   * they are missing), or its emptying. `name`: a creation, renaming or removal since the directory's last sync.
   */
  readonly kind: 'sector' | 'size' | 'name';
  readonly path: string;
  /** For a sector: which of the file's. */
  readonly sector?: number;
  /** How often it changed: a crash leaves the state after 0 (as synced) to this many of the changes. */
  readonly versions: number;
}

/**
 * All that a crash at this moment may leave. Valid until the file system's next operation.
 *
 * A choice says for each of `unsynced`, in that order, how many of its versions reached the disk; missing = 0.
 */
export interface CrashPoint {
  readonly unsynced: readonly UnsyncedChange[];
  /** A 53-bit hash of what the disk would hold, names and all: equal images have equal hashes. Costs no image. */
  imageHash(choice: ArrayLike<number>): number;
}

interface PointFile {
  readonly file: MemoryFile;
  readonly sectors: readonly PointSector[];
  /** Of the change of size in the choice; -1: none. */
  readonly sizeAt: number;
}

/** What the hash of an image needs of a file. */
interface FileSums {
  readonly sum: HashSum;
  readonly before: (HashSum & { readonly size: number }) | undefined;
  /** For each unsynced sector: what each version adds to the sum, instead of the stable content. */
  readonly changes: readonly (readonly HashSum[])[];
}

interface PointSector {
  readonly at: number;
  readonly fileBytes: readonly number[];
}

interface PointName {
  readonly path: string;
  readonly pathHash: number;
  /** Of the name in the choice; -1: it did not change. */
  readonly at: number;
  /** Index of the file it leads to, by version; -1: none. */
  readonly files: readonly number[];
}

/** The moment as the disk has it, worked out once for many choices. */
export class DiskCrashPoint implements CrashPoint {
  readonly unsynced: UnsyncedChange[] = [];
  readonly #disk: MemoryDisk;
  readonly #files: PointFile[] = [];
  readonly #indexOf = new Map<MemoryFile, number>();
  readonly #names: PointName[] = [];
  readonly #hash: HashSum = { low: 0, high: 0 };
  #sums: readonly FileSums[] | undefined;

  constructor(disk: MemoryDisk) {
    this.#disk = disk;
    for (const [path, name] of disk.names) this.#addName(path, name);
  }

  imageHash(choice: ArrayLike<number>): number {
    // Whoever only wants an image need not wait for hashes.
    const sums = (this.#sums ??= this.#files.map(({ file }) => sumsOf(file)));
    const hash = this.#hash;
    let low = 0;
    let high = 0;
    for (const { at, files, pathHash } of this.#names) {
      const index = files[at < 0 ? 0 : (choice[at] ?? 0)]!;
      if (index < 0) continue;
      hashFile(this.#files[index]!, sums[index]!, choice, hash);
      low = (low + scramble(hash.low ^ pathHash)) | 0;
      high = (high + scramble(hash.high ^ imul(pathHash, 0x27d4eb2f))) | 0;
    }
    return (low >>> 0) * 0x20_0000 + (high >>> 11);
  }

  image(choice: ArrayLike<number>): MemoryDisk {
    const made = new Map<number, MemoryFile>();
    // Both go through the names in the same order.
    let next = 0;
    return this.#disk.afterCrash(() => {
      const { at, files } = this.#names[next]!;
      next += 1;
      const index = files[at < 0 ? 0 : (choice[at] ?? 0)]!;
      if (index < 0) return undefined;
      const file = made.get(index) ?? this.#files[index]!.file.afterCrash(this.#choiceOf(index, choice));
      made.set(index, file);
      return file;
    });
  }

  #choiceOf(index: number, choice: ArrayLike<number>): FileChoice {
    const { file, sectors, sizeAt } = this.#files[index]!;
    if (file.isStable) return nothing;
    const sectorNumbers = [...file.unsynced.keys()];
    const versions = new Map(sectors.map(({ at }, order) => [sectorNumbers[order]!, choice[at] ?? 0]));
    const size = sizeAt < 0 ? 0 : (choice[sizeAt] ?? 0);
    return {
      versionsOf: (sector) => versions.get(sector) ?? 0,
      size: size > (file.isTruncated ? 1 : 0),
      truncation: file.isTruncated && size > 0,
    };
  }

  #addName(path: string, { stable, versions }: Name): void {
    const at = versions.length === 0 ? -1 : this.unsynced.length;
    if (at >= 0) this.unsynced.push({ kind: 'name', path, versions: versions.length });
    const files = [stable, ...versions].map((file) => (file === undefined ? -1 : this.#addFile(path, file)));
    this.#names.push({ path, pathHash: hashText(path), at, files });
  }

  #addFile(path: string, file: MemoryFile): number {
    const known = this.#indexOf.get(file);
    if (known !== undefined) return known;
    const sectors: PointSector[] = [];
    for (const [sector, { versions }] of file.unsynced) {
      sectors.push({ at: this.unsynced.length, fileBytes: versions.map(({ fileBytes }) => fileBytes) });
      this.unsynced.push({ kind: 'sector', path, sector, versions: versions.length });
    }
    const sizeVersions = (file.isTruncated ? 1 : 0) + (file.size > file.stableSize ? 1 : 0);
    const sizeAt = sizeVersions === 0 ? -1 : this.unsynced.length;
    if (sizeVersions > 0) this.unsynced.push({ kind: 'size', path, versions: sizeVersions });
    this.#files.push({ file, sectors, sizeAt });
    this.#indexOf.set(file, this.#files.length - 1);
    return this.#files.length - 1;
  }
}

const nothing: FileChoice = { versionsOf: () => 0, size: false, truncation: false };

function sumsOf(file: MemoryFile): FileSums {
  const changes = [...file.unsynced].map(([sector, { stable, versions }]) =>
    versions.map(({ content }) => {
      const sum = { low: 0, high: 0 };
      stable?.addTo(sum, sector, -1);
      content.addTo(sum, sector, 1);
      return sum;
    }),
  );
  const before = file.isTruncated ? file.sumBeforeTruncation : undefined;
  return { sum: { ...file.stableSum }, before, changes };
}

/** As `MemoryFile.afterCrash` would leave it. */
function hashFile(
  { file, sectors, sizeAt }: PointFile,
  { sum, before, changes }: FileSums,
  choice: ArrayLike<number>,
  into: HashSum,
): void {
  const sizeKept = sizeAt < 0 ? 0 : (choice[sizeAt] ?? 0);
  let { low, high } = sum;
  let size = sizeKept > (before === undefined ? 0 : 1) ? file.size : file.stableSize;
  let isBefore = before !== undefined && sizeKept === 0;
  for (let index = 0; index < sectors.length; index += 1) {
    const { at, fileBytes } = sectors[index]!;
    const kept = choice[at] ?? 0;
    if (kept === 0) continue;
    isBefore = false;
    const change = changes[index]![kept - 1]!;
    low = (low + change.low) | 0;
    high = (high + change.high) | 0;
    if (fileBytes[kept - 1]! > size) size = fileBytes[kept - 1]!;
  }
  if (isBefore) ({ low, high, size } = before!);
  into.low = scramble(low ^ imul(size + 1, 0x9e3779b1));
  into.high = scramble(high ^ imul(size + 1, 0x85ebca6b));
}

function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = imul(hash ^ text.charCodeAt(index), 0x01000193);
  return scramble(hash);
}

/** A choice of everything: as if nothing but the process had ended. */
export function keepAll({ unsynced }: CrashPoint): number[] {
  return unsynced.map(({ versions }) => versions);
}
