import type { LogPosition } from '../engine/engine.js';

/**
 * Memory of records that were replaced while they still waited for the log: nothing else holds them, but they are held.
 * Two generations: the older is forgotten when the log has passed it.
 */
export class SupersededBytes {
  #older = 0;
  #olderUpTo = 0;
  #younger = 0;
  #youngerUpTo = 0;

  add(bytes: number, log: { readonly appended: LogPosition; readonly written: LogPosition }): void {
    this.current(log.written);
    this.#younger += bytes;
    this.#youngerUpTo = log.appended;
  }

  current(written: LogPosition): number {
    if (written >= this.#olderUpTo) {
      this.#older = this.#younger;
      this.#olderUpTo = this.#youngerUpTo;
      this.#younger = 0;
      if (written >= this.#olderUpTo) this.#older = 0;
    }
    return this.#older + this.#younger;
  }
}
