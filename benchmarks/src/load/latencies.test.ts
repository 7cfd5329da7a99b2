import { describe, expect, it } from '@jest/globals';

import { Latencies } from './latencies.js';

describe('Latencies', () => {
  it('tells percentiles in µs to three digits', () => {
    const latencies = new Latencies();
    for (let i = 1; i <= 1000; i++) latencies.record(i);
    const { meanUs, p50Us, p90Us, p95Us, p99Us, p999Us, maxUs } = latencies.percentiles();
    const isNear = (value: number, wanted: number): void => {
      expect(Math.abs(value / wanted - 1)).toBeLessThan(0.002);
    };
    isNear(meanUs, 500_500);
    isNear(p50Us, 500_000);
    isNear(p90Us, 900_000);
    isNear(p95Us, 950_000);
    isNear(p99Us, 990_000);
    isNear(p999Us, 999_000);
    isNear(maxUs, 1_000_000);
    expect(latencies.count).toBe(1000);
  });

  it('takes what is too short or too long for it as the shortest or longest', () => {
    const latencies = new Latencies();
    latencies.record(0);
    latencies.record(1e9);
    const { p50Us, maxUs } = latencies.percentiles();
    expect(p50Us).toBe(1);
    expect(maxUs).toBeGreaterThan(59_000_000);
  });

  it('adds another one, and forgets', () => {
    const all = new Latencies();
    const some = new Latencies();
    some.record(5);
    all.add(some);
    all.add(some);
    some.reset();
    expect([all.count, some.count]).toEqual([2, 0]);
  });
});
