import { describe, expect, it } from '@jest/globals';
import { createManualClock } from '@kv/testing';

import { instantClock } from './instant-clock.js';

describe('a clock that stands still while one piece of code runs', () => {
  it('says the same until that has ended, and then what it is', async () => {
    const clock = createManualClock({ nowMs: 1_000 });
    const instant = instantClock(clock);
    const monotonicMs = clock.monotonicMs();
    expect(instant.nowMs()).toBe(1_000);
    clock.advance(5);
    expect([instant.nowMs(), instant.monotonicMs()]).toEqual([1_000, monotonicMs]);
    await Promise.resolve();
    expect([instant.nowMs(), instant.monotonicMs()]).toEqual([1_005, monotonicMs + 5]);
    clock.jump(-100);
    await Promise.resolve();
    expect([instant.nowMs(), instant.monotonicMs()]).toEqual([905, monotonicMs + 5]);
  });
});
