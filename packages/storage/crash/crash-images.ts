import type { CrashPoint, MemoryFileSystem } from '@kv/testing';

import { both, type Requirement } from './requirement.js';

export interface CrashImage {
  readonly disk: MemoryFileSystem;
  required: Requirement;
  /** The boot in which it is recovered: another one after a crash of the machine. */
  readonly bootId: string;
  /** For messages: the operation after which it was found first, and what of the unsynced was kept. */
  readonly at: number;
  readonly choice: readonly number[];
}

export interface CrashMoment {
  readonly point: CrashPoint;
  readonly choice: ArrayLike<number>;
  /** '': the boot is the same, or plays no part. */
  readonly bootId: string;
  /** How many operations there were. */
  readonly at: number;
}

/** The different disks that crashes left, each with everything that it has to do for. */
export class CrashImages {
  states = 0;
  readonly #images = new Map<string | number, CrashImage>();

  get distinct(): number {
    return this.#images.size;
  }

  add(now: MemoryFileSystem, { point, choice, bootId, at }: CrashMoment, required: Requirement): void {
    this.states += 1;
    const hash = point.imageHash(choice);
    const name = bootId === '' ? hash : `${bootId} ${hash}`;
    const present = this.#images.get(name);
    if (present !== undefined) present.required = both(present.required, required);
    else {
      const disk = now.crash({ choice });
      this.#images.set(name, { disk, required, bootId, at, choice: Array.from(choice) });
    }
  }

  /** Takes them out, so that memory is given free as they are dealt with. */
  *drain(): Generator<CrashImage> {
    for (const [name, image] of this.#images) {
      this.#images.delete(name);
      yield image;
    }
  }
}
