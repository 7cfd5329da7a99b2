import { describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers } from '@kv/testing';

import { Patience } from './patience.js';

function start() {
  const clock = createManualClock();
  const timers = createManualTimers(clock);
  const patience = new Patience(100, { clock, timers });
  const over: string[] = [];
  const watch = (name: string) => {
    const waiting = { isClosed: false, patienceIsOver: () => void over.push(name) };
    patience.watch(waiting, clock.monotonicMs());
    return waiting;
  };
  return { timers, patience, over, watch };
}

describe('patience', () => {
  it('is over for each after its time, one timer for all', () => {
    const { timers, over, watch } = start();
    watch('a');
    timers.advance(60);
    watch('b');
    expect(timers.pending).toBe(1);
    timers.advance(40);
    expect(over).toEqual(['a']);
    timers.advance(60);
    expect(over).toEqual(['a', 'b']);
    expect(timers.pending).toBe(0);
  });

  it('forgets whoever has ended', () => {
    const { timers, over, watch } = start();
    watch('a').isClosed = true;
    watch('b');
    timers.advance(100);
    expect(over).toEqual(['b']);
  });

  it('leaves no timer behind when it is closed, nor sets another', () => {
    const { timers, patience, over, watch } = start();
    watch('a');
    patience.close();
    watch('b');
    expect(timers.pending).toBe(0);
    timers.advance(1_000);
    expect(over).toEqual([]);
  });
});
