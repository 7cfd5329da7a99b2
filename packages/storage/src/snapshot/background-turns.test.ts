import { beforeEach, describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers, type ManualTimers } from '@kv/testing';

import { backgroundRestMsMax, backgroundRestRatio } from '../limits.js';
import { BackgroundTurns } from './background-turns.js';

describe('BackgroundTurns', () => {
  let clock: ReturnType<typeof createManualClock>;
  let timers: ManualTimers;
  let turns: BackgroundTurns;
  let ran: number;

  beforeEach(() => {
    clock = createManualClock({ nowMs: 0 });
    timers = createManualTimers(clock);
    turns = new BackgroundTurns({ clock, timers });
    ran = 0;
  });

  function work(ms: number): void {
    clock.advance(ms);
    turns.nextTurn(() => (ran += 1));
  }

  it('rests some times as long as the work took', () => {
    work(2);
    expect(timers.runTurn()).toBe(0);
    timers.advance(2 * backgroundRestRatio - 1);
    expect(ran).toBe(0);
    timers.advance(1);
    expect(ran).toBe(1);
    // The rest is not counted as work.
    work(0);
    expect(timers.pending).toBe(0);
    timers.runTurn();
    expect(ran).toBe(2);
  });

  it('gathers what is shorter than a timer', () => {
    const tooShort = 0.9 / backgroundRestRatio;
    work(tooShort);
    expect(timers.runTurn()).toBe(1);
    work(tooShort);
    expect(timers.runTurn()).toBe(0);
    timers.advance(2);
    expect(ran).toBe(2);
  });

  it('rests no longer than is good for anybody', () => {
    work(60_000);
    timers.advance(backgroundRestMsMax);
    expect(ran).toBe(1);
  });

  it('hurries once somebody waits', () => {
    turns.hurry();
    work(60_000);
    expect(timers.runTurn()).toBe(1);
    expect(timers.pending).toBe(0);
  });
});
