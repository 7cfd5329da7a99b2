import { compareVersions, type Version } from '@kv/hlc';
import type { MemoryFileSystem } from '@kv/testing';

import { type FoundRecord, scanRecords } from './record-scan.js';

/**
 * What is on stable storage of one disk, seen from above: the newest version of each key whose record lay in a file when
 * that was synced. It believes no engine, so it also judges one that acknowledges before the sync.
 */
export class DurableRecords {
  readonly #newest = new Map<string, Version>();
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

  /** After something happened to the disk that no file operation did. */
  readAgain(fileSystem: MemoryFileSystem): void {
    this.#newest.clear();
    this.#pending.clear();
    for (const path of fileSystem.paths()) {
      scanRecords(fileSystem.contents(path), (record) => this.#note(record));
    }
  }

  /** This version of the key, or a newer one. */
  holds(key: string, version: Version): boolean {
    const newest = this.#newest.get(key);
    return newest !== undefined && compareVersions(newest, version) >= 0;
  }

  #note({ key, version }: FoundRecord): void {
    const before = this.#newest.get(key);
    if (before === undefined || compareVersions(version, before) > 0) this.#newest.set(key, version);
  }
}
