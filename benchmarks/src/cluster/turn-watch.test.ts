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
    const began = process.cpuUsage();
    for (;;) {
      const { user, system } = process.cpuUsage(began);
      if (user + system > 40_000) break;
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { longestMs, longestOwnWorkMs } = await watch.stop();
    expect(longestMs).toBeGreaterThanOrEqual(35);
    expect(longestOwnWorkMs).toBeGreaterThan(10);
  });
});
