import { performance } from 'node:perf_hooks';

import type { Clock, Timers } from '../ports.js';

export function systemClock(): Clock {
  return { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
}

export interface SystemTimersOptions {
  /** False: a timer that waits does not keep the process alive. Default true. */
  readonly keepAlive?: boolean | undefined;
}

export function systemTimers({ keepAlive = true }: SystemTimersOptions = {}): Timers {
  return {
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      if (!keepAlive) timer.unref();
      return () => {
        clearTimeout(timer);
      };
    },
    nextTurn(callback) {
      setImmediate(callback);
    },
  };
}
