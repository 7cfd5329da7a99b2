import { afterwardsFlightsMax } from '../../limits.js';
import type { Timers } from '../../ports.js';

/** Has owners that it did not ask at first, and for whose answers nobody waits. */
export interface Unhurried {
  followUp(): void;
}

/**
 * Asks the rest of many flights at once, a moment later. A message costs its receiver as much as a dozen operations, and
 * takes the processor from those for whom somebody waits.
 */
export class Afterwards {
  readonly #delayMs: number;
  readonly #timers: Timers;
  #waiting: Unhurried[] = [];
  #cancelTimer: (() => void) | undefined;

  constructor(delayMs: number, { timers }: { readonly timers: Timers }) {
    this.#delayMs = delayMs;
    this.#timers = timers;
  }

  add(flight: Unhurried): void {
    this.#waiting.push(flight);
    if (this.#waiting.length >= afterwardsFlightsMax) this.#askAll();
    else this.#cancelTimer ??= this.#timers.after(this.#delayMs, () => this.#askAll());
  }

  /** All of them at once: there is no later. */
  close(): void {
    this.#askAll();
  }

  #askAll(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const flights = this.#waiting;
    this.#waiting = [];
    for (const flight of flights) flight.followUp();
  }
}
