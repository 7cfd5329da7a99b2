import type { KeyObserver } from './key-observers.js';
import { Moment } from './moment.js';
import type { SegmentedMemory } from './segmented-memory.js';

/** The moments that somebody reads. As long as there are none, writes pay nothing. */
export class Moments implements KeyObserver {
  readonly #memory: SegmentedMemory;
  /** Weakly: one that nobody holds any more, and that nobody ended, must not collect changes for ever. */
  readonly #open = new Set<WeakRef<Moment>>();
  #newest: WeakRef<Moment> | undefined;

  constructor(memory: SegmentedMemory) {
    this.#memory = memory;
  }

  /** Of what is kept for them. */
  get bytes(): number {
    let bytes = 0;
    for (const each of this.#open) bytes += each.deref()?.bytes ?? 0;
    return bytes;
  }

  /** One and the same between two writes: many readers that begin together do not each keep what changes. */
  now(): Moment {
    const newest = this.#newest?.deref();
    if (newest?.isPresent === true) return newest;
    const moment = new Moment(this.#memory, () => {
      this.#end(held);
    });
    const held = new WeakRef(moment);
    if (this.#open.size === 0) this.#memory.observers.add(this);
    this.#open.add(held);
    this.#newest = held;
    return moment;
  }

  changed(previous: number, next: number): void {
    for (const each of this.#open) {
      const moment = each.deref();
      if (moment === undefined) this.#end(each);
      else moment.changed(previous, next);
    }
  }

  #end(moment: WeakRef<Moment>): void {
    this.#open.delete(moment);
    if (this.#newest === moment) this.#newest = undefined;
    if (this.#open.size === 0) this.#memory.observers.remove(this);
  }
}
