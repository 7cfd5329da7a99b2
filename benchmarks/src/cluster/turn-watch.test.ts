import { performance } from 'node:perf_hooks';

import { describe, expect, it } from '@jest/globals';

import { summarize, TurnWatch } from './turn-watch.js';

describe('summarize', () => {
  it('takes off what others used the processor for, and garbage collections', () => {
    const slices = [
      { beganMs: 0, endedMs: 100, cpuMs: 5 },
      { beganMs: 200, endedMs: 230, cpuMs: 30 },
    ];
    const collections = [{ beganMs: 205, endedMs: 217, cpuMs: 12 }];
    expect(summarize(slices, collections)).toEqual({
      longestMs: 100,
      longestOwnWorkMs: 18,
      longestCollectionMs: 12,
    });
    expect(summarize([], [])).toEqual({ longestMs: 0, longestOwnWorkMs: 0, longestCollectionMs: 0 });
  });
});

describe('TurnWatch', () => {
  it('sees a turn that computes', async () => {
    const watch = new TurnWatch();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const began = performance.now();
    while (performance.now() - began < 40);
    const computedMs = performance.now() - began;
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { longestMs, longestOwnWorkMs } = await watch.stop();
    // However busy the machine is: the turn began before the computation, and ended after it.
    expect(longestMs).toBeGreaterThanOrEqual(computedMs);
    expect(longestOwnWorkMs).toBeGreaterThan(0);
  });
});
