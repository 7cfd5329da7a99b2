import { Chunk, type HashSum, Sector, sectorBytes } from './sector.js';

type Content = (Sector | undefined)[];

/** One write to a sector that no sync has followed. */
export interface SectorVersion {
  readonly content: Sector;
  /** The file reaches at least so far if this version reached the disk. */
  readonly fileBytes: number;
}

/** A sector that the disk may hold in any of several versions. */
export interface UnsyncedSector {
  /** As of the last sync. Undefined: zeros. */
  readonly stable: Sector | undefined;
  /** What was written since, in order; the last is what everybody sees. */
  readonly versions: SectorVersion[];
  /** A sync of it failed: no later sync brings it to the disk, only a later write. */
  abandoned: boolean;
}

/** How much of what was not synced a crash leaves of one file. */
export interface FileChoice {
  /** How many of its writes a sector got, 0 = none. */
  readonly versionsOf: (sector: number) => number;
  /** The new size reached the disk, whatever became of the bytes: zeros where they did not. */
  readonly size: boolean;
  /** The emptying of an older content reached the disk. Implied by any sector. */
  readonly truncation: boolean;
}

/**
 * One file's content: as everybody sees it, and what a crash of the machine may make of it. Sectors are immutable and
 * shared, so a copy costs an array at most, and nothing while it is only read.
 */
export class MemoryFile {
  /** How many names lead to it. */
  links = 0;
  #content: Content;
  /** The array belongs to another file, too. */
  #shared = false;
  #size: number;
  #stableSize: number;
  #unsynced = new Map<number, UnsyncedSector>();
  /** What the disk holds if an emptying since the last sync did not reach it. */
  #truncated: { readonly content: Content; readonly size: number } | undefined;
  /** Of the stable content; undefined until somebody asks. */
  #stableSum: HashSum | undefined;

  constructor(content: Content = [], size = 0) {
    this.#content = content;
    this.#size = size;
    this.#stableSize = size;
  }

  static of(bytes: Uint8Array): MemoryFile {
    const file = new MemoryFile();
    file.write([bytes], 0, bytes.length);
    file.sync();
    return file;
  }

  get size(): number {
    return this.#size;
  }

  /** Of the stable content. */
  get stableSize(): number {
    return this.#truncated === undefined ? this.#stableSize : 0;
  }

  get unsynced(): ReadonlyMap<number, UnsyncedSector> {
    return this.#unsynced;
  }

  get isTruncated(): boolean {
    return this.#truncated !== undefined;
  }

  get isStable(): boolean {
    return this.#unsynced.size === 0 && this.#truncated === undefined && this.#size === this.#stableSize;
  }

  copyOfBytes(): Uint8Array {
    const bytes = new Uint8Array(this.#size);
    this.read(bytes, 0);
    return bytes;
  }

  /** @returns how many bytes there were to read */
  read(into: Uint8Array, position: number): number {
    const end = Math.min(this.#size, position + into.length);
    for (let from = position; from < end;) {
      const sector = Math.floor(from / sectorBytes);
      const run = this.#runFrom(sector, Math.ceil(end / sectorBytes));
      const to = Math.min(end, run.endSector * sectorBytes);
      if (run.first === undefined) into.fill(0, from - position, to - position);
      else {
        const at = run.first.at + from - sector * sectorBytes;
        into.set(run.first.chunk.bytes.subarray(at, at + to - from), from - position);
      }
      from = to;
    }
    return Math.max(0, end - position);
  }

  /** Takes the first `length` bytes of the parts. */
  write(parts: readonly Uint8Array[], position: number, length: number): void {
    if (length === 0) return;
    const end = position + length;
    const first = Math.floor(position / sectorBytes);
    const last = Math.ceil(end / sectorBytes);
    const chunk = new Chunk(last - first);
    const start = first * sectorBytes;
    if (position > start) this.read(chunk.bytes.subarray(0, position - start), start);
    if (end < Math.min(this.#size, last * sectorBytes)) this.read(chunk.bytes.subarray(end - start), end);
    copyInto(chunk.bytes.subarray(position - start, end - start), parts);
    this.#size = Math.max(this.#size, end);
    this.#own();
    while (this.#content.length < first) this.#content.push(undefined);
    for (let sector = first; sector < last; sector += 1) {
      this.#put(sector, new Sector(chunk, (sector - first) * sectorBytes));
    }
  }

  /** Rot: whatever holds this bit now holds the other, synced or not. */
  flip(bit: number): void {
    const byte = bit >>> 3;
    if (byte >= this.#size) throw new Error(`a file of ${this.#size} bytes has no bit ${bit}`);
    const sector = Math.floor(byte / sectorBytes);
    const start = sector * sectorBytes;
    const chunk = new Chunk(1);
    this.read(chunk.bytes, start);
    chunk.bytes[byte - start]! ^= 1 << (bit & 7);
    const content = new Sector(chunk, 0);
    this.#own();
    this.#content[sector] = content;
    const versions = this.#unsynced.get(sector)?.versions;
    if (versions !== undefined) versions.push({ ...versions.pop()!, content });
    this.#stableSum = undefined;
  }

  truncate(): void {
    if (this.#size === 0 && this.isStable) return;
    this.#truncated ??= { content: this.#stableContent(), size: this.#stableSize };
    this.#content = [];
    this.#shared = false;
    this.#size = 0;
    this.#stableSize = 0;
    this.#unsynced = new Map();
    this.#stableSum = undefined;
  }

  sync(): void {
    const sum = this.#stableSum;
    for (const [sector, { stable, versions, abandoned }] of this.#unsynced) {
      if (abandoned) continue;
      this.#unsynced.delete(sector);
      if (sum === undefined) continue;
      stable?.addTo(sum, sector, -1);
      versions.at(-1)!.content.addTo(sum, sector, 1);
    }
    this.#stableSize = this.#size;
    this.#truncated = undefined;
  }

  /** A sync that failed as Linux fails: what is unsynced counts as written from now on, and never will be. */
  failSync(): void {
    for (const unsynced of this.#unsynced.values()) unsynced.abandoned = true;
  }

  /** What a crash leaves. */
  afterCrash(choice: FileChoice): MemoryFile {
    if (this.isStable) {
      this.#shared = true;
      const same = new MemoryFile(this.#content, this.#size);
      same.#shared = true;
      return same;
    }
    const size = this.sizeAfterCrash(choice);
    if (size === undefined) {
      const { content, size: before } = this.#truncated!;
      return new MemoryFile([...content], before);
    }
    const content = this.#content.slice(0, Math.ceil(size / sectorBytes));
    for (const [sector, { stable, versions }] of this.#unsynced) {
      const kept = choice.versionsOf(sector);
      if (sector < content.length) content[sector] = kept === 0 ? stable : versions[kept - 1]!.content;
    }
    while (content.length < Math.ceil(size / sectorBytes)) content.push(undefined);
    return new MemoryFile(content, size);
  }

  /** @returns undefined if it is as before an emptying that did not reach the disk */
  sizeAfterCrash({ versionsOf, size, truncation }: FileChoice): number | undefined {
    let reach = size ? this.#size : this.stableSize;
    let any = size || truncation || this.#truncated === undefined;
    for (const [sector, { versions }] of this.#unsynced) {
      const kept = versionsOf(sector);
      if (kept === 0) continue;
      any = true;
      reach = Math.max(reach, versions[kept - 1]!.fileBytes);
    }
    return any ? reach : undefined;
  }

  /** Sum of the stable sectors' hashes; the content before an emptying that is not synced is not in it. */
  get stableSum(): HashSum {
    if (this.#stableSum === undefined) {
      const sum = { low: 0, high: 0 };
      this.#content.forEach((sector, index) => {
        const unsynced = this.#unsynced.get(index);
        (unsynced === undefined ? sector : unsynced.stable)?.addTo(sum, index, 1);
      });
      this.#stableSum = sum;
    }
    return this.#stableSum;
  }

  /** Likewise, of the content before the emptying. */
  get sumBeforeTruncation(): HashSum & { readonly size: number } {
    const sum = { low: 0, high: 0, size: this.#truncated?.size ?? 0 };
    this.#truncated?.content.forEach((sector, index) => sector?.addTo(sum, index, 1));
    return sum;
  }

  #put(sector: number, content: Sector): void {
    const before = this.#content[sector];
    this.#content[sector] = content;
    const version = { content, fileBytes: Math.min(this.#size, (sector + 1) * sectorBytes) };
    const unsynced = this.#unsynced.get(sector);
    if (unsynced === undefined) {
      this.#unsynced.set(sector, { stable: before, versions: [version], abandoned: false });
    } else {
      unsynced.versions.push(version);
      unsynced.abandoned = false;
    }
  }

  #stableContent(): Content {
    const content = [...this.#content];
    for (const [sector, { stable }] of this.#unsynced) content[sector] = stable;
    content.length = Math.ceil(this.#stableSize / sectorBytes);
    return content;
  }

  /** Neighbours that lie in their chunk as they lie in the file are read in one piece. */
  #runFrom(
    sector: number,
    sectorMax: number,
  ): { readonly first: Sector | undefined; readonly endSector: number } {
    const first = this.#content[sector];
    let endSector = sector + 1;
    for (; endSector < sectorMax; endSector += 1) {
      const next = this.#content[endSector];
      if (next?.chunk !== first?.chunk) break;
      if (next !== undefined && next.at !== first!.at + (endSector - sector) * sectorBytes) break;
    }
    return { first, endSector };
  }

  #own(): void {
    if (!this.#shared) return;
    this.#content = [...this.#content];
    this.#shared = false;
  }
}

function copyInto(target: Uint8Array, parts: readonly Uint8Array[]): void {
  let at = 0;
  for (const part of parts) {
    const taken = part.length <= target.length - at ? part : part.subarray(0, target.length - at);
    target.set(taken, at);
    at += taken.length;
    if (at === target.length) return;
  }
}
