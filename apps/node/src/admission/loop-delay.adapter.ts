import { monitorEventLoopDelay, performance } from 'node:perf_hooks';

import type { LoopDelay } from '../ports.js';

const sampleMs = 10;
const windowMs = 100;

/** The mean of the last tenth of a second in which it was asked. It begins to look when it is first asked. */
export function systemLoopDelay(): LoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: sampleMs });
  let windowEndsMs = -Infinity;
  let latestMs = 0;
  return {
    currentMs: () => {
      const nowMs = performance.now();
      if (nowMs < windowEndsMs) return latestMs;
      // In a window of which nothing is known the loop has not turned, or nobody has asked for long.
      if (histogram.count > 0) latestMs = Math.max(0, histogram.mean / 1e6 - sampleMs);
      if (windowEndsMs === -Infinity) histogram.enable();
      histogram.reset();
      windowEndsMs = nowMs + windowMs;
      return latestMs;
    },
  };
}
