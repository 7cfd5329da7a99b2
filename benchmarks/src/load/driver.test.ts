import { describe, expect, it } from '@jest/globals';

import type { Operations } from '../peers/system.js';
import { runLoad } from './driver.js';
import type { Load } from './load.js';

const load: Load = {
  workload: 'put',
  keyOrder: 'sequential',
  level: 'quorum',
  previous: false,
  busyPolls: false,
  inFlight: 7,
  clients: 2,
  keys: 5,
  valueBytes: 10,
  warmUpMs: 10,
  durationMs: 60,
  seed: 1,
};

const later = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Stands in for a system: remembers what it was asked. */
function createFake(answer: () => Promise<unknown> = () => later(2).then(() => 'stored')) {
  const calls: { name: string; key: string; value?: string }[] = [];
  const state = { underWay: 0, most: 0 };
  const track = async (): Promise<unknown> => {
    state.most = Math.max(state.most, ++state.underWay);
    try {
      return await answer();
    } finally {
      state.underWay--;
    }
  };
  const operations: Operations = {
    get(key) {
      calls.push({ name: 'get', key });
      return track();
    },
    put(key, value) {
      calls.push({ name: 'put', key, value });
      return track();
    },
    refusal: (error) => ((error as Error).message === 'overloaded' ? { retryAfterMs: 1 } : undefined),
  };
  return { operations, calls, state };
}

describe('runLoad', () => {
  it('keeps so many operations in flight, shared among the clients', async () => {
    const fakes = [createFake(), createFake()];
    const figures = await runLoad({
      load,
      operations: fakes.map(({ operations }) => operations),
      serverPids: [],
    });
    expect(fakes.map(({ state }) => state.most)).toEqual([4, 3]);
    expect(fakes[0]!.calls[0]).toEqual({ name: 'put', key: '00a-0000000000', value: 'vvvvvvvvvv' });
    const all = fakes.reduce((sum, { calls }) => sum + calls.length, 0);
    // What ends in the warm-up, and after the time, does not count.
    expect(figures.operations).toBeGreaterThan(0);
    expect(figures.operations).toBeLessThan(all);
    expect(figures.p99Us).toBeGreaterThanOrEqual(figures.p50Us);
    expect(figures.p50Us).toBeGreaterThan(1000);
    expect(figures.opsPerSecond).toBe(Math.round(figures.operations / figures.seconds));
  });

  it('goes on until something ended, however slow', async () => {
    const { operations } = createFake(() => later(150).then(() => 'stored'));
    const { operations: count } = await runLoad({
      load: { ...load, inFlight: 1 },
      operations: [operations],
      serverPids: [],
    });
    expect(count).toBeGreaterThan(0);
  });

  it('ends with the first failure', async () => {
    const { operations } = createFake(() => Promise.reject(new Error('no quorum')));
    await expect(runLoad({ load, operations: [operations], serverPids: [] })).rejects.toThrow('no quorum');
  });

  it('counts refusals if it may, and waits as it is told', async () => {
    let turn = 0;
    const { operations } = createFake(() =>
      turn++ % 2 === 0 ? Promise.reject(new Error('overloaded')) : later(1).then(() => 'stored'),
    );
    const run = (countsRefusals: boolean) =>
      runLoad({ load: { ...load, countsRefusals }, operations: [operations], serverPids: [] });
    await expect(run(false)).rejects.toThrow('overloaded');
    const figures = await run(true);
    expect(figures.refused).toBeGreaterThan(0);
    expect(figures.operations).toBeGreaterThan(0);
  });

  it('counts gets that find nothing', async () => {
    const { operations } = createFake(() => later(1));
    const figures = await runLoad({
      load: { ...load, workload: 'get' },
      operations: [operations],
      serverPids: [],
    });
    expect(figures.absent).toBe(figures.operations);
  });

  it('starts at a given rate, however long the answers take', async () => {
    const { operations, state, calls } = createFake(() => later(40).then(() => 'stored'));
    const paced = { ...load, ratePerSecond: 1000, durationMs: 200 };
    const figures = await runLoad({ load: paced, operations: [operations], serverPids: [] });
    // A closed loop would never have more than seven.
    expect(state.most).toBeGreaterThan(15);
    expect(calls.length).toBeLessThan(1000);
    expect(figures.p50Us).toBeGreaterThan(30_000);
  });

  it('ends a paced load with the first failure', async () => {
    const { operations } = createFake(() => Promise.reject(new Error('no quorum')));
    const paced = { ...load, ratePerSecond: 1000 };
    await expect(runLoad({ load: paced, operations: [operations], serverPids: [] })).rejects.toThrow(
      'no quorum',
    );
  });

  it('samples intervals, which add up', async () => {
    const { operations } = createFake();
    const figures = await runLoad({
      load: { ...load, durationMs: 100, sampleEveryMs: 25 },
      operations: [operations],
      serverPids: [process.pid],
    });
    const timeline = figures.timeline ?? [];
    expect(timeline.length).toBeGreaterThanOrEqual(2);
    expect(timeline.at(-1)!.atSeconds).toBeCloseTo(figures.seconds, 1);
  });

  it('reads what was modified, then writes it', async () => {
    const { operations, calls } = createFake();
    await runLoad({
      load: { ...load, workload: 'ycsb-f', inFlight: 1 },
      operations: [operations],
      serverPids: [],
    });
    const firstPut = calls.findIndex(({ name }) => name === 'put');
    expect(calls[firstPut - 1]).toEqual({ name: 'get', key: calls[firstPut]!.key });
  });
});
