import { describe, expect, it } from '@jest/globals';

import type { Sample } from '../load/load.js';
import { memoryGrowth } from './memory-growth.js';

const timelineOf = (bytesAt: (seconds: number) => number): Sample[] =>
  Array.from({ length: 100 }, (_, index) => ({
    atSeconds: index + 1,
    opsPerSecond: 1,
    ...{ meanUs: 1, p50Us: 1, p90Us: 1, p95Us: 1, p99Us: 1, p999Us: 1, maxUs: 1 },
    serverResidentBytes: bytesAt(index + 1),
  }));

describe('memoryGrowth', () => {
  it('is the growth over the second half, in percent of its mean', () => {
    const timeline = timelineOf((seconds) => (seconds < 50 ? seconds * 1e6 : 1e9 + seconds * 1e6));
    expect(memoryGrowth({ timeline, seconds: 100 }, 'server')).toBeCloseTo(50 / 10.75, 1);
  });

  it('does not take collections for growth, nor the first half', () => {
    const timeline = timelineOf((seconds) => (seconds < 50 ? seconds : 1e6 + (seconds % 5) * 1e3));
    expect(Math.abs(memoryGrowth({ timeline, seconds: 100 }, 'server')!)).toBeLessThan(0.1);
  });

  it('is undefined where memory was not sampled', () => {
    expect(memoryGrowth({ timeline: timelineOf(() => 1), seconds: 100 }, 'client')).toBeUndefined();
    expect(memoryGrowth({ seconds: 100 }, 'server')).toBeUndefined();
  });
});
