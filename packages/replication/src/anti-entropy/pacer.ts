import type { Clock, Timers } from '../ports.js';

/**
 * Lets background work through no faster than so many bytes a second, and so few pieces of it at a time, that clients
 * do not notice.
 */
export interface Pacer {
  /** Waits for its turn, works, and makes those behind it wait for as long as its bytes are worth. */
  run<Result>(work: () => Promise<{ readonly bytes: number; readonly result: Result }>): Promise<Result>;
}

export interface PacerOptions {
  readonly bytesPerSecondMax: number;
  /** Pieces of work under way. */
  readonly atOnceMax: number;
}

export function createPacer(options: PacerOptions, ports: { clock: Clock; timers: Timers }): Pacer {
  const { clock, timers } = ports;
  const waiting: (() => void)[] = [];
  let running = 0;
  let freeAtMs = -Infinity;
  let cancelTimer: (() => void) | undefined;

  function next(): void {
    if (cancelTimer !== undefined || running >= options.atOnceMax) return;
    const start = waiting.shift();
    if (start === undefined) return;
    const delayMs = freeAtMs - clock.monotonicMs();
    if (delayMs <= 0) {
      running += 1;
      start();
      next();
      return;
    }
    waiting.unshift(start);
    cancelTimer = timers.after(delayMs, () => {
      cancelTimer = undefined;
      next();
    });
  }

  return {
    run: async (work) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        next();
      });
      try {
        const { bytes, result } = await work();
        const nowMs = clock.monotonicMs();
        freeAtMs = Math.max(freeAtMs, nowMs) + (bytes * 1_000) / options.bytesPerSecondMax;
        return result;
      } finally {
        running -= 1;
        next();
      }
    },
  };
}
