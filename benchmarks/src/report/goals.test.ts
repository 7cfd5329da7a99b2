import { describe, expect, it } from '@jest/globals';

import type { Result } from '../cluster/result.js';
import { verdictsOf } from './goals.js';
import { resultOf } from './results.fixture.js';

const verdict = (results: readonly Result[], name: string) =>
  verdictsOf(results).find((each) => each.name === name)!;

const beside = (
  ours: readonly number[],
  theirs: readonly number[],
  system: Result['system'],
  part: Result['part'],
) =>
  ours.flatMap((opsPerSecond, index) => [
    resultOf({ part, round: index + 1, opsPerSecond }),
    resultOf({ part, round: index + 1, system, level: 'one', opsPerSecond: theirs[index]! }),
  ]);

describe('verdictsOf', () => {
  const name = 'quorum put, of ioredis SET, 256 in flight';

  it.each([
    [[150, 160, 90], 'aim reached', 1.5],
    [[110, 160, 90], 'reached', 1.1],
    [[99, 160, 90], 'missed', 0.99],
  ] as const)('judges the median of ratios within a round: %j → %s', (ours, says, median) => {
    const results = beside(ours, [100, 100, 100], 'ioredis', 'redis');
    expect(verdict(results, name)).toMatchObject({ says, measured: { median } });
  });

  it('takes ratios within a round, so that a slow round does no harm', () => {
    const results = beside([100, 10, 100], [50, 5, 50], 'ioredis', 'redis');
    expect(verdict(results, name).measured).toEqual({ median: 2, least: 2, most: 2 });
  });

  it('says what was not measured, and what must be told apart is no measurement of it', () => {
    expect(verdict([], name).says).toBe('not measured');
    const others = beside([300], [100], 'ioredis', 'redis').flatMap((result) => [
      { ...result, previous: true },
      { ...result, keyOrder: 'zipf' as const },
      { ...result, part: 'redis-always' as const },
    ]);
    expect(verdict(others, name).says).toBe('not measured');
  });

  it('takes less as better where a figure must not exceed something', () => {
    const results = (p50Us: number) => [
      resultOf({ part: 'one-in-flight', inFlight: 1, p50Us }),
      resultOf({ part: 'one-in-flight', inFlight: 1, system: 'grpc-stream', level: 'one', p50Us: 100 }),
    ];
    const says = (p50Us: number) =>
      verdict(results(p50Us), 'one quorum put, of a bare round trip (p50)').says;
    expect([200, 290, 310].map(says)).toEqual(['aim reached', 'reached', 'missed']);
  });

  it('compares goodput under ten times the knee’s load, per CPU-second of the nodes', () => {
    const curve = [
      resultOf({ inFlight: 64, opsPerSecond: 950 }),
      resultOf({ inFlight: 1024, opsPerSecond: 1000 }),
    ];
    const overload = [
      resultOf({ part: 'overload', inFlight: 64, operations: 1000, serverCpuSeconds: 1 }),
      resultOf({ part: 'overload', inFlight: 640, operations: 900, serverCpuSeconds: 1.2 }),
    ];
    const name = 'goodput under ten times the load, of that at the knee, per CPU-second of the nodes';
    expect(verdict([...curve, ...overload], name)).toMatchObject({
      says: 'missed',
      measured: { median: 0.75 },
    });
  });
});
