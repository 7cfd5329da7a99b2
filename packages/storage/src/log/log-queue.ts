import type { LogPosition } from '../engine/engine.js';

/** Records that wait to be written, in the units that must not be torn apart. */
export class LogQueue {
  #groups: Group[] = [];

  get empty(): boolean {
    return this.#groups.length === 0;
  }

  push(group: Group): void {
    this.#groups.push(group);
  }

  /** Takes whole groups off the front: up to `bytesMax`, but at least one. */
  take(bytesMax: number): Taken {
    const records: Uint8Array[] = [];
    let position = 0 as LogPosition;
    let bytes = 0;
    let taken = 0;
    for (const group of this.#groups) {
      if (taken > 0 && bytes + group.bytes > bytesMax) break;
      for (const record of group.records) records.push(record);
      bytes += group.bytes;
      position = group.position;
      taken += 1;
    }
    const groups = this.#groups.splice(0, taken);
    return { groups, records, position };
  }

  /** Puts groups that could not be written back to the front. */
  putBack(groups: readonly Group[]): void {
    this.#groups = [...groups, ...this.#groups];
  }
}

export interface Group {
  readonly records: readonly Uint8Array[];
  readonly bytes: number;
  /** Of its last record. */
  readonly position: LogPosition;
}

export interface Taken {
  readonly groups: readonly Group[];
  readonly records: readonly Uint8Array[];
  /** Of the last record taken. */
  readonly position: LogPosition;
}
