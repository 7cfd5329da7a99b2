import type { Timers } from '../ports.js';

/** Durability `interval`: a sync so long after the first write that none has followed yet. */
export class IntervalSync {
  readonly #timers: Pick<Timers, 'after'>;
  readonly #intervalMs: number;
  #cancel: (() => void) | undefined;

  constructor(timers: Pick<Timers, 'after'>, intervalMs: number) {
    this.#timers = timers;
    this.#intervalMs = intervalMs;
  }

  written(sync: () => void): void {
    this.#cancel ??= this.#timers.after(this.#intervalMs, () => {
      this.#cancel = undefined;
      sync();
    });
  }

  cancel(): void {
    this.#cancel?.();
  }
}
