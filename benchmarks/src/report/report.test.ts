import { describe, expect, it } from '@jest/globals';

import type { Report } from '../cluster/result.js';
import { renderReport } from './report.js';
import { resultOf } from './results.fixture.js';

const report: Report = {
  machine: { cpu: 'Test', cores: 2, memoryBytes: 2 ** 30, platform: 'test', node: 'v20' },
  peers: { redis: 'Redis server v=7' },
  options: {},
  failures: ['etcd: no member leads'],
  results: [
    resultOf({ inFlight: 64, opsPerSecond: 4000 }),
    resultOf({ inFlight: 256, opsPerSecond: 5000 }),
    ...[1, 2].flatMap((round) => [
      resultOf({ part: 'redis', round, opsPerSecond: 3000 * round }),
      resultOf({ part: 'redis', round, opsPerSecond: 2000 * round, system: 'ioredis', level: 'one' }),
    ]),
  ],
};

describe('renderReport', () => {
  const text = renderReport(report, { hasPlots: true });

  it('shows verdicts, machine, versions and what broke off', () => {
    expect(text).toContain('2 cores (Test), 1.00 GiB, Node v20; Redis server v=7.');
    expect(text).toContain('**Broke off:** etcd: no member leads');
    expect(text).toMatch(
      /^\| quorum put, of ioredis SET, 256 in flight \| ≥ 1 × \| ≥ 1.5 × \| \*\*1.50\*\*.*\| aim reached \|$/m,
    );
  });

  it('has a table of each part, with the columns in which its rows differ', () => {
    expect(text).toContain('durability interval, level quorum, 10,000 keys, 100-byte values, 1 client.');
    expect(text).toMatch(/^\| put \| 64 \| 4,000 \|/m);
  });

  it('compares median rates, and ratios round by round', () => {
    expect(text).toMatch(/^\| load \| kv \/s \| ioredis \/s \| kv ÷ ioredis \|$/m);
    expect(text).toMatch(/^\| put, 256 in flight \| 4,500 \| 3,000 \| \*\*1.50\*\* \[1.50–1.50\] \|$/m);
  });

  it('says what an acknowledgement means', () => {
    expect(text).toMatch(/^\| ioredis \| interval \| one \| the memory of the primary alone/m);
    expect(text).toMatch(/^\| kv \| interval \| quorum \| a majority of three replicas/m);
  });

  it('links plots only where they are', () => {
    expect(text).toContain('![Operations per second](throughput-rate.svg)');
    expect(renderReport(report, { hasPlots: false })).not.toContain('.svg');
  });
});
