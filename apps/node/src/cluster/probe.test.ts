import { describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers, createRecordingLogger } from '@kv/testing';

import { defaults } from '../options.js';
import { createProbe } from './probe.js';

const { probeIntervalAtStartMs, probeIntervalMs } = defaults;

function setUp() {
  const timers = createManualTimers(createManualClock({ nowMs: 0 }));
  const logger = createRecordingLogger();
  const reachable = new Set([2, 3]);
  const asked: number[] = [];
  const answered: number[] = [];
  let settled = false;
  const peers = [2, 3].map((number) => ({
    id: `n${number}`,
    number,
    ping: () => {
      asked.push(number);
      return reachable.has(number) ? Promise.resolve() : Promise.reject(new Error('refused'));
    },
  }));
  const probe = createProbe(peers, defaults, {
    timers,
    logger,
    onAnswer: ({ number }) => void answered.push(number),
    isSettled: () => settled,
  });
  return { probe, timers, logger, reachable, asked, answered, settle: () => (settled = true) };
}

describe('the probe', () => {
  it('calls a peer up at its first answer and down at its second silence in a row', async () => {
    const { probe, timers, logger, reachable, settle } = setUp();
    settle();
    expect(probe.stateOf(2)).toBe('down');
    probe.start();
    await timers.advanceAsync(0);
    expect(probe.stateOf(2)).toBe('up');
    reachable.delete(2);
    await timers.advanceAsync(probeIntervalMs);
    expect(probe.stateOf(2)).toBe('up');
    await timers.advanceAsync(probeIntervalMs);
    expect([probe.stateOf(2), probe.stateOf(3)]).toEqual(['down', 'up']);
    reachable.add(2);
    await timers.advanceAsync(probeIntervalMs);
    expect(probe.stateOf(2)).toBe('up');
    expect(logger.messages('warn')).toEqual(['peer is down']);
    expect(logger.messages('info')).toEqual(['peer is up', 'peer is up', 'peer is up']);
  });

  it('asks more often until a quorum was seen', async () => {
    const { probe, timers, asked, settle } = setUp();
    probe.start();
    await timers.advanceAsync(3 * probeIntervalAtStartMs);
    expect(asked).toHaveLength(8);
    settle();
    await timers.advanceAsync(probeIntervalAtStartMs);
    asked.length = 0;
    await timers.advanceAsync(probeIntervalMs);
    expect(asked).toHaveLength(2);
  });

  it('asks nobody once it was stopped', async () => {
    const { probe, timers, asked, answered } = setUp();
    probe.start();
    probe.stop();
    await timers.advanceAsync(5 * probeIntervalMs);
    expect(asked).toHaveLength(2);
    expect(answered).toHaveLength(0);
    expect(timers.pending).toBe(0);
  });
});
