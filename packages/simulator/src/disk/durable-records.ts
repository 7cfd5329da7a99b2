import { compareVersions, type Version } from '@kv/hlc';
import type { MemoryFileSystem } from '@kv/testing';

import { type FoundRecord, scanRecords } from './record-scan.js';

/**
 * What is on stable storage of one disk, seen from above: the newest version of each key whose record lay in a file when
 * that was synced. It believes no engine, so it also judges one that acknowledges before the sync.
 */
export class DurableRecords {
  #newest = new Map<string, Version>();
  /** What it held before it lost data. */
  #lost = new Map<string, Version>();
  /** By path: written, not yet synced. */
  readonly #pending = new Map<string, FoundRecord[]>();
  readonly #onAppended: (record: FoundRecord) => void;

  /** @param onAppended told of each record that is written, synced or not */
  constructor(onAppended: (record: FoundRecord) => void) {
    this.#onAppended = onAppended;
  }

  written(path: string, parts: readonly Uint8Array[]): void {
    const pending = this.#pending.get(path) ?? [];
    this.#pending.set(path, pending);
    for (const part of parts) {
      scanRecords(part, (record) => {
        pending.push(record);
        this.#onAppended(record);
      });
    }
  }

  synced(path: string): void {
    for (const record of this.#pending.get(path) ?? []) this.#note(record);
    this.#pending.delete(path);
  }

  renamed(from: string, to: string): void {
    const pending = this.#pending.get(from);
    this.#pending.delete(from);
    if (pending !== undefined) this.#pending.set(to, pending);
  }

  removed(path: string): void {
    this.#pending.delete(path);
  }

  /**
   * The disk is about to lose data. What it held counted when it was told, and counts on until the replica is rebuilt:
   * until then the loss is one of those that the guarantees cover, and the replica takes part in nothing.
   *
   * @param again it was not rebuilt since the last time
   */
  losesData({ again }: { readonly again: boolean }): void {
    this.#lost = new Map([...(again ? this.#lost : []), ...this.#newest]);
  }

  /** After something happened to the disk that no file operation did. */
  readAgain(fileSystem: MemoryFileSystem): void {
    this.#newest.clear();
    this.#pending.clear();
    for (const path of fileSystem.paths()) {
      scanRecords(fileSystem.contents(path), (record) => this.#note(record));
    }
  }

  /** This version of the key, or a newer one. @param isDoubtful it lost data, and nobody counts on it yet */
  holds(key: string, version: Version, { isDoubtful }: { readonly isDoubtful: boolean }): boolean {
    return (
      isAtLeast(this.#newest.get(key), version) || (isDoubtful && isAtLeast(this.#lost.get(key), version))
    );
  }

  #note({ key, version }: FoundRecord): void {
    const before = this.#newest.get(key);
    if (before === undefined || compareVersions(version, before) > 0) this.#newest.set(key, version);
  }
}

function isAtLeast(held: Version | undefined, version: Version): boolean {
  return held !== undefined && compareVersions(held, version) >= 0;
}
