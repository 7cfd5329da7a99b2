import { describe, expect, it } from '@jest/globals';

import { createManualClock } from './index.js';

describe('manual clock', () => {
  it('stands still until told', () => {
    const clock = createManualClock({ nowMs: 50, monotonicMs: 7 });
    expect([clock.nowMs(), clock.monotonicMs(), clock.nowMs()]).toEqual([50, 7, 50]);
  });

  it('advances both clocks, jumps the wall clock alone', () => {
    const clock = createManualClock({ nowMs: 50, monotonicMs: 7 });
    clock.advance(10);
    clock.jump(-30);
    expect([clock.nowMs(), clock.monotonicMs()]).toEqual([30, 17]);
  });

  it('never goes back on the monotonic side', () => {
    const clock = createManualClock();
    expect(() => clock.advance(-1)).toThrow(RangeError);
    expect(() => clock.advance(Number.NaN)).toThrow(RangeError);
    expect(() => clock.jump(Number.POSITIVE_INFINITY)).toThrow(RangeError);
  });
});
