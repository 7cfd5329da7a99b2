import { describe, expect, it } from '@jest/globals';

import { isClockWaitDue } from './clock-wait.js';

/** A clock that was a minute ahead, and has been right for half of one. */
const wait = { readyInMs: 30_000, aheadMs: 60_000, skewMs: 0, rightForMs: 30_000 };

describe('a member that waits for its clock', () => {
  it('is excused for as long as its clock had been ahead', () => {
    expect(isClockWaitDue(wait)).toBe(true);
    expect(isClockWaitDue({ ...wait, readyInMs: 30_500 })).toBe(true);
    expect(isClockWaitDue({ ...wait, readyInMs: 30_501 })).toBe(false);
    expect(isClockWaitDue({ ...wait, rightForMs: 30_501 })).toBe(false);
  });

  it('is excused for longer where its clock is behind, by as much', () => {
    expect(isClockWaitDue({ ...wait, readyInMs: 30_700, skewMs: -200 })).toBe(true);
    expect(isClockWaitDue({ ...wait, readyInMs: 30_500, skewMs: 1 })).toBe(false);
  });

  it('has no excuse once its clock is ready', () => {
    expect(isClockWaitDue({ ...wait, readyInMs: 0 })).toBe(false);
  });

  it('has no excuse if its clock was never ahead', () => {
    expect(isClockWaitDue({ ...wait, readyInMs: 1_000, aheadMs: 100 })).toBe(false);
  });
});
