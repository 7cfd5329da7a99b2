import { describe, expect, it } from '@jest/globals';

import { createManualClock, createManualTimers } from './index.js';

function setUp() {
  const clock = createManualClock({ nowMs: 0, monotonicMs: 0 });
  const timers = createManualTimers(clock);
  const seen: string[] = [];
  const note = (what: string) => () => void seen.push(`${what}@${clock.monotonicMs()}`);
  return { clock, timers, seen, note };
}

describe('manual timers', () => {
  it('fire in order of their time, equal times in order of their making', () => {
    const { timers, seen, note } = setUp();
    timers.after(20, note('c'));
    timers.after(10, note('a'));
    timers.after(10, note('b'));
    timers.after(31, note('later'));
    timers.advance(30);
    expect(seen).toEqual(['a@10', 'b@10', 'c@20']);
    expect(timers.pending).toBe(1);
  });

  it('a timer set by a timer fires in the same advance when it is due', () => {
    const { clock, timers, seen, note } = setUp();
    timers.after(10, () => void timers.after(10, note('second')));
    timers.advance(100);
    expect(seen).toEqual(['second@20']);
    expect(clock.monotonicMs()).toBe(100);
  });

  it('a cancelled timer does not fire, cancelling twice or after firing does nothing', () => {
    const { timers, seen, note } = setUp();
    const cancel = timers.after(10, note('never'));
    const cancelFired = timers.after(5, note('fired'));
    cancel();
    cancel();
    timers.advance(10);
    cancelFired();
    expect(seen).toEqual(['fired@5']);
  });

  it('one turn runs what was queued before it, not what it queues', () => {
    const { timers, seen, note } = setUp();
    timers.nextTurn(() => timers.nextTurn(note('second')));
    timers.nextTurn(note('first'));
    expect(timers.runTurn()).toBe(2);
    expect(seen).toEqual(['first@0']);
    expect(timers.runTurn()).toBe(1);
    expect(seen).toEqual(['first@0', 'second@0']);
    expect(timers.runTurn()).toBe(0);
  });

  it('turns run before time passes', () => {
    const { timers, seen, note } = setUp();
    timers.after(1, note('timer'));
    timers.nextTurn(note('turn'));
    timers.advance(1);
    expect(seen).toEqual(['turn@0', 'timer@1']);
  });

  it('a callback that queues itself for ever is reported instead of hanging the test', () => {
    const { timers } = setUp();
    const again = () => timers.nextTurn(again);
    again();
    expect(() => timers.advance(1)).toThrow(/queues itself/);
  });

  it('an overdue timer fires at once when the clock was moved past it', () => {
    const { clock, timers, seen, note } = setUp();
    timers.after(10, note('late'));
    clock.advance(50);
    timers.advance(0);
    expect(seen).toEqual(['late@50']);
  });

  it('a delay that is no number is refused', () => {
    const { timers } = setUp();
    expect(() => timers.after(Number.NaN, () => undefined)).toThrow(RangeError);
  });

  it('advanceAsync lets promises settle between callbacks', async () => {
    const { clock, timers } = setUp();
    const wait = (ms: number) => new Promise<void>((resolve) => void timers.after(ms, resolve));
    const times: number[] = [];
    const task = (async () => {
      for (let round = 0; round < 3; round += 1) {
        await wait(10);
        times.push(clock.monotonicMs());
      }
    })();
    await timers.advanceAsync(100);
    await task;
    expect(times).toEqual([10, 20, 30]);
  });
});
