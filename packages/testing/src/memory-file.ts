/** Bytes that a disk writes as a whole or not at all. */
export const sectorBytes = 512;

/** One file's content: as everybody sees it, and as it would be found after a crash of the machine. */
export class MemoryFile {
  #visible: Uint8Array = new Uint8Array(0);
  #size = 0;
  #durable: Uint8Array = new Uint8Array(0);
  /** Sectors written since the last sync. */
  #unsynced = new Set<number>();

  static of(bytes: Uint8Array): MemoryFile {
    const file = new MemoryFile();
    file.write(bytes, 0);
    file.sync();
    return file;
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): Uint8Array {
    return this.#visible.subarray(0, this.#size);
  }

  read(into: Uint8Array, position: number): number {
    const part = this.bytes.subarray(position, position + into.length);
    into.set(part);
    return part.length;
  }

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.#visible.length) {
      const larger = new Uint8Array(Math.max(end, this.#visible.length * 2));
      larger.set(this.bytes);
      this.#visible = larger;
    }
    this.#visible.set(bytes, position);
    for (let sector = firstSector(Math.min(position, this.#size)); sector * sectorBytes < end; sector += 1) {
      this.#unsynced.add(sector);
    }
    this.#size = Math.max(this.#size, end);
  }

  truncate(): void {
    this.#visible = new Uint8Array(0);
    this.#size = 0;
  }

  sync(): void {
    this.#durable = this.bytes.slice();
    this.#unsynced.clear();
  }

  /**
   * What a crash leaves: what was synced, and of the sectors written since those that `keep` names. The file reaches as
   * far as the last byte kept; a sector before it that was not is as it was, or zeros.
   */
  afterCrash(keep: (sector: number) => boolean): MemoryFile {
    const kept = [...this.#unsynced].filter((sector) => sector * sectorBytes < this.#size && keep(sector));
    const reach = Math.max(0, ...kept.map((sector) => Math.min(this.#size, (sector + 1) * sectorBytes)));
    const bytes = new Uint8Array(Math.max(this.#durable.length, reach));
    bytes.set(this.#durable);
    for (const sector of kept) {
      const start = sector * sectorBytes;
      bytes.set(this.bytes.subarray(start, start + sectorBytes), start);
    }
    return MemoryFile.of(bytes);
  }
}

function firstSector(position: number): number {
  return Math.floor(position / sectorBytes);
}
