import { isTimestamp } from '@kv/hlc';
import type { Version } from '@kv/proto';

import { reservedKeptMs, reservedVersionsMax } from '../limits.js';

/**
 * Versions that nodes reserved for writes which the client coordinates (protocol rule 25). Each is used once. The greatest
 * is used first: it is the least likely to be below what somebody else wrote meanwhile.
 */
export class ReservedVersions {
  /** Ascending. */
  readonly #versions: { readonly version: Version; readonly untilMs: number }[] = [];

  /** @param nowMs by the monotonic clock, here and below */
  keep(version: Version | undefined, nowMs: number): void {
    if (version === undefined || !isTimestamp(version.timestamp)) return;
    const versions = this.#versions;
    let place = versions.length;
    while (place > 0 && versions[place - 1]!.version.timestamp > version.timestamp) place -= 1;
    versions.splice(place, 0, { version, untilMs: nowMs + reservedKeptMs });
    if (versions.length > reservedVersionsMax) versions.shift();
  }

  /** Undefined: there is none above this timestamp. */
  take(above: number, nowMs: number): Version | undefined {
    for (;;) {
      const greatest = this.#versions.at(-1);
      if (greatest === undefined || greatest.version.timestamp <= above) return undefined;
      this.#versions.pop();
      if (nowMs < greatest.untilMs) return greatest.version;
    }
  }
}
