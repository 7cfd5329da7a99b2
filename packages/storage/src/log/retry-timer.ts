import { diskFullRetryMsMax, diskFullRetryMsMin } from '../limits.js';
import type { Timers } from '../ports.js';

/** When to look again whether there is room on the disk: after twice as long each time. */
export class RetryTimer {
  readonly #timers: Pick<Timers, 'after'>;
  #delayMs = diskFullRetryMsMin;
  #cancel: (() => void) | undefined;

  constructor(timers: Pick<Timers, 'after'>) {
    this.#timers = timers;
  }

  start(again: () => void): void {
    this.#cancel = this.#timers.after(this.#delayMs, again);
    this.#delayMs = Math.min(this.#delayMs * 2, diskFullRetryMsMax);
  }

  reset(): void {
    this.#delayMs = diskFullRetryMsMin;
  }

  cancel(): void {
    this.#cancel?.();
  }
}
