import type { Version, WriteOperation } from './history.js';
import { compareVersions } from './version-order.js';

/** Deletes and expiring puts in the order in which they began, with the newest version of all that began so far. */
export class HidingWrites {
  readonly #beganMs: number[] = [];
  readonly #newest: Version[] = [];

  constructor(writes: readonly WriteOperation[]) {
    let newest: Version | undefined;
    for (const write of writes) {
      if (write.outcome === 'not-applied') continue;
      for (const { version, disowned } of write.stamps) {
        if (!disowned && (newest === undefined || compareVersions(version, newest) > 0)) newest = version;
      }
      if (newest === undefined) continue;
      this.#beganMs.push(write.beganMs);
      this.#newest.push(newest);
    }
  }

  newestBefore(ms: number): Version | undefined {
    let low = 0;
    let high = this.#beganMs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#beganMs[middle]! <= ms) low = middle + 1;
      else high = middle;
    }
    return this.#newest[low - 1];
  }
}
