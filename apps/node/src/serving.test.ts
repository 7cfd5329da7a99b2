import { describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers, createRecordingLogger } from '@kv/testing';

import { lookAgainMsMax } from './limits.js';
import { createServing, type ServingOptions, type ServingPorts } from './serving.js';

function start({ readyInMs }: { readonly readyInMs: number }) {
  const clock = createManualClock();
  const timers = createManualTimers(clock);
  const readyAtMs = clock.monotonicMs() + readyInMs;
  const told: boolean[] = [];
  const options = {
    placement: { self: 1, lists: [[1]] },
    replicationFactor: 1,
    probeIntervalMs: 1_000,
    probeTimeoutMs: 1_000,
    clockSampleIntervalMs: 1_000_000_000,
  } as unknown as ServingOptions;
  const serving = createServing(options, {
    peers: [],
    hlc: { readyInMs: () => Math.max(0, readyAtMs - clock.monotonicMs()) },
    fence: { sample: () => undefined },
    standing: { isAdmitted: () => true },
    ...{ clock, timers, logger: createRecordingLogger() },
  } as unknown as ServingPorts);
  serving.start((isServing) => told.push(isServing));
  return { serving, timers, told };
}

describe('a member whose clock has not passed what it may have stamped before its restart', () => {
  it('serves as soon as it has', () => {
    const { serving, timers, told } = start({ readyInMs: 300 });
    timers.advance(299);
    expect(serving.isServing()).toBe(false);
    timers.advance(1);
    expect(told).toEqual([true]);
  });

  it('waits with one timer, however many answers come, looks at the clock in between, and stops with it', () => {
    const { serving, timers, told } = start({ readyInMs: 3 * lookAgainMsMax + 7 });
    const waiting = timers.pending;
    for (let answers = 0; answers < 10; answers += 1) serving.admitted();
    expect(timers.pending).toBe(waiting);
    timers.advance(3 * lookAgainMsMax);
    expect(timers.pending).toBe(waiting);
    serving.stop();
    expect(told).toEqual([false]);
    timers.advance(lookAgainMsMax);
    expect(told).toEqual([false]);
  });
});
