import { plusMs, type Timestamp } from '@kv/hlc';

import { ceilingKeptMs } from '../limits.js';

/**
 * Per key, the largest timestamp that an attempt of unknown outcome may still be given (protocol rule 11). Whatever this
 * client writes to the key next has to be stamped above it: else the abandoned attempt could come back above a later,
 * acknowledged write.
 */
export interface StampCeilings {
  /** What the next stamp of this key has to be above; 0 = no bound. */
  above(key: Uint8Array, now: Timestamp): number;
  /** An attempt with this ceiling was given up without knowing its outcome. */
  abandoned(key: Uint8Array, attempt: { readonly ceiling: Timestamp; readonly now: Timestamp }): void;
  /** A write of the key was acknowledged with this stamp by a quorum: later writes meet it. */
  acknowledged(key: Uint8Array, stamp: number): void;
  readonly size: number;
}

export function createStampCeilings(): StampCeilings {
  // Oldest first, since an entry that changes moves to the end: what is out of date is found at the front, so the map
  // holds no more than the keys whose writes were abandoned during the last two and a half seconds.
  const ceilings = new Map<string, Timestamp>();

  const isPast = (ceiling: Timestamp, now: Timestamp): boolean => plusMs(ceiling, ceilingKeptMs) < now;

  function forgetPast(now: Timestamp): void {
    for (const [name, ceiling] of ceilings) {
      if (!isPast(ceiling, now)) return;
      ceilings.delete(name);
    }
  }

  return {
    above(key, now) {
      if (ceilings.size === 0) return 0;
      const name = nameOf(key);
      const ceiling = ceilings.get(name);
      if (ceiling === undefined) return 0;
      if (!isPast(ceiling, now)) return ceiling;
      ceilings.delete(name);
      return 0;
    },
    abandoned(key, { ceiling, now }) {
      forgetPast(now);
      const name = nameOf(key);
      const earlier = ceilings.get(name);
      ceilings.delete(name);
      ceilings.set(name, earlier !== undefined && earlier > ceiling ? earlier : ceiling);
    },
    acknowledged(key, stamp) {
      if (ceilings.size === 0) return;
      const name = nameOf(key);
      // A write that ran beside the abandoned attempt may be acknowledged below its ceiling, and protects nothing.
      if (stamp > (ceilings.get(name) ?? 0)) ceilings.delete(name);
    },
    get size() {
      return ceilings.size;
    },
  };
}

/** One character per byte: a Map compares strings by content, bytes by identity. */
function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
