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
  /** The greatest that was forgotten, since every node's clock has passed it; a version that was made before may not have. */
  readonly forgotten: number;
}

export function createStampCeilings(): StampCeilings {
  return new CeilingsByKey();
}

class CeilingsByKey implements StampCeilings {
  /**
   * Oldest first, since an entry that changes moves to the end: what is out of date is found at the front, so the map holds no
   * more than the keys whose writes were abandoned during the last two and a half seconds.
   */
  readonly #ceilings = new Map<string, Timestamp>();
  #forgotten = 0;

  get size(): number {
    return this.#ceilings.size;
  }

  get forgotten(): number {
    return this.#forgotten;
  }

  above(key: Uint8Array, now: Timestamp): number {
    if (this.#ceilings.size === 0) return 0;
    const name = nameOf(key);
    const ceiling = this.#ceilings.get(name);
    if (ceiling === undefined) return 0;
    if (!isPast(ceiling, now)) return ceiling;
    this.#forget(name, ceiling);
    return 0;
  }

  abandoned(
    key: Uint8Array,
    { ceiling, now }: { readonly ceiling: Timestamp; readonly now: Timestamp },
  ): void {
    this.#forgetPast(now);
    const name = nameOf(key);
    const earlier = this.#ceilings.get(name);
    this.#ceilings.delete(name);
    this.#ceilings.set(name, earlier !== undefined && earlier > ceiling ? earlier : ceiling);
  }

  acknowledged(key: Uint8Array, stamp: number): void {
    if (this.#ceilings.size === 0) return;
    const name = nameOf(key);
    // A write that ran beside the abandoned attempt may be acknowledged below its ceiling, and protects nothing.
    if (stamp > (this.#ceilings.get(name) ?? 0)) this.#ceilings.delete(name);
  }

  #forgetPast(now: Timestamp): void {
    for (const [name, ceiling] of this.#ceilings) {
      if (!isPast(ceiling, now)) return;
      this.#forget(name, ceiling);
    }
  }

  #forget(name: string, ceiling: Timestamp): void {
    this.#ceilings.delete(name);
    this.#forgotten = Math.max(this.#forgotten, ceiling);
  }
}

function isPast(ceiling: Timestamp, now: Timestamp): boolean {
  return plusMs(ceiling, ceilingKeptMs) < now;
}

/** One character per byte: a Map compares strings by content, bytes by identity. */
function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
