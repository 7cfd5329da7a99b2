import { describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers } from '@kv/testing';

import { Patience, type Waiting } from './patience.js';

function setUp() {
  const clock = createManualClock();
  const timers = createManualTimers(clock);
  const patience = new Patience(50, { clock, timers });
  const over: number[] = [];
  const watch = (number: number): { isClosed: boolean } & Waiting => {
    const waiting = { isClosed: false, patienceIsOver: () => void over.push(number) };
    patience.watch(waiting, clock.monotonicMs());
    return waiting;
  };
  return { timers, patience, over, watch };
}

describe('patience', () => {
  it('is over for each after its time, in order, with one timer for all', () => {
    const { timers, over, watch } = setUp();
    watch(1);
    timers.advance(20);
    watch(2);
    watch(3);
    expect(timers.pending).toBe(1);
    timers.advance(29);
    expect(over).toEqual([]);
    timers.advance(1);
    expect(over).toEqual([1]);
    timers.advance(20);
    expect(over).toEqual([1, 2, 3]);
    expect(timers.pending).toBe(0);
  });

  it('says nothing of those that ended, and sets no timer again for them', () => {
    const { timers, over, watch } = setUp();
    const first = watch(1);
    timers.advance(10);
    watch(2);
    first.isClosed = true;
    timers.advance(50);
    expect(over).toEqual([2]);
    const last = watch(3);
    last.isClosed = true;
    timers.advance(50);
    expect(over).toEqual([2]);
    expect(timers.pending).toBe(0);
  });

  it('watches over one that begins while another is told', () => {
    const { timers, patience, over } = setUp();
    const second = { isClosed: false, patienceIsOver: () => void over.push(2) };
    const first = {
      isClosed: false,
      patienceIsOver: () => {
        over.push(1);
        patience.watch(second, 50);
      },
    };
    patience.watch(first, 0);
    timers.advance(50);
    timers.advance(50);
    expect(over).toEqual([1, 2]);
  });

  it('tells many in a row, most of which ended, without mixing them up', () => {
    const { timers, over, watch } = setUp();
    const expected: number[] = [];
    for (let number = 0; number < 5_000; number += 1) {
      const waiting = watch(number);
      waiting.isClosed = number % 7 !== 0;
      if (!waiting.isClosed) expected.push(number);
      if (number % 100 === 0) timers.advance(1);
    }
    timers.advance(50);
    expect(over).toEqual(expected);
  });
});
