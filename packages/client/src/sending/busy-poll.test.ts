import { describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers } from '@kv/testing';

import { BusyPoll } from './busy-poll.js';

function open(pollMs: number) {
  const clock = createManualClock();
  const timers = createManualTimers(clock);
  let turns = 0;
  const nextTurn = (callback: () => void): void => {
    turns += 1;
    timers.nextTurn(callback);
  };
  const poll = new BusyPoll({ pollMs }, { clock, timers: { ...timers, nextTurn } });
  /** Whether the event loop was kept awake for another turn. */
  const staysAwake = (): boolean => {
    const before = turns;
    timers.runTurn();
    return turns > before;
  };
  return { poll, clock, staysAwake, expectNow: () => poll.expect(clock.monotonicMs()) };
}

describe('busy polling', () => {
  it('keeps the event loop awake for so long after the last operation began', () => {
    const { clock, staysAwake, expectNow } = open(2);
    expectNow();
    expect(staysAwake()).toBe(true);
    clock.advance(1);
    expectNow();
    clock.advance(1);
    expect(staysAwake()).toBe(true);
    clock.advance(1);
    expect([staysAwake(), staysAwake()]).toEqual([false, false]);
    expectNow();
    expect(staysAwake()).toBe(true);
  });

  it('ends when nothing is under way any more', () => {
    const { poll, staysAwake, expectNow } = open(2);
    expectNow();
    poll.rest();
    expect([staysAwake(), staysAwake()]).toEqual([false, false]);
  });

  it('goes on through the end of one operation and the begin of the next, without a second watch', () => {
    const { poll, staysAwake, expectNow } = open(2);
    expectNow();
    poll.rest();
    expectNow();
    expect(staysAwake()).toBe(true);
    poll.rest();
    expect([staysAwake(), staysAwake()]).toEqual([false, false]);
  });

  it('does nothing unless asked to', () => {
    const { staysAwake, expectNow } = open(0);
    expectNow();
    expect(staysAwake()).toBe(false);
  });
});
