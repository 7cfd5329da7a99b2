import { randomFillSync } from 'node:crypto';
import { performance } from 'node:perf_hooks';

import type { Clock, Random, Timers } from '../ports.js';

export function systemClock(): Clock {
  return { monotonicMs: () => performance.now() };
}

export function systemTimers(): Timers {
  return {
    after(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
    nextTurn: (callback) => void setImmediate(callback),
  };
}

export function systemRandom(): Random {
  const word = new Uint32Array(1);
  return {
    uint32: () => randomFillSync(word)[0]!,
    float: () => Math.random(),
  };
}
