import type { Clock, Timers } from '../ports.js';

/**
 * Keeps the event loop awake while an answer is expected. Whoever sleeps has to be woken, by an interrupt to a processor that
 * idles: on a virtual machine that takes as long as the rest of the way. The price is a processor that has no rest.
 */
export class BusyPoll {
  readonly #pollMs: number;
  readonly #clock: Clock;
  readonly #timers: Timers;
  #untilMs = 0;
  #isAwake = false;

  /** @param options.pollMs after the last operation began; 0 = never */
  constructor({ pollMs }: { readonly pollMs: number }, { clock, timers }: BusyPollPorts) {
    this.#pollMs = pollMs;
    this.#clock = clock;
    this.#timers = timers;
  }

  /** An operation begins. */
  expect(nowMs: number): void {
    if (this.#pollMs === 0) return;
    this.#untilMs = nowMs + this.#pollMs;
    if (this.#isAwake) return;
    this.#isAwake = true;
    this.#timers.nextTurn(this.#look);
  }

  /** Nothing more is expected. */
  rest(): void {
    this.#untilMs = 0;
  }

  readonly #look = (): void => {
    if (this.#clock.monotonicMs() < this.#untilMs) this.#timers.nextTurn(this.#look);
    else this.#isAwake = false;
  };
}

export interface BusyPollPorts {
  readonly clock: Clock;
  readonly timers: Timers;
}
