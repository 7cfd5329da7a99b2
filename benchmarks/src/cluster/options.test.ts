import { describe, expect, it } from '@jest/globals';

import { parseOptions } from './options.js';
import { peerParts } from './part-names.js';

describe('parseOptions', () => {
  it('measures our own cluster by default, the long part only when asked', () => {
    const { parts, ...options } = parseOptions([]);
    expect(options).toMatchObject({
      json: undefined,
      profile: undefined,
      isQuick: false,
      nodes: 3,
      durability: 'interval',
      inFlight: [1, 10, 64, 256, 1024],
      keys: 10_000,
      valueBytes: 100,
      rounds: 5,
      sustainedSeconds: 30,
      memoryMinutes: 10,
    });
    expect(parts).toContain('throughput');
    expect(parts).not.toContain('memory');
    expect(parts.filter((part) => peerParts.includes(part))).toEqual([]);
    expect(parseOptions(['--long']).parts).toContain('memory');
    expect(parseOptions(['--peers']).parts).toEqual(expect.arrayContaining([...peerParts]));
  });

  it('is shorter when quick, with as many alternations', () => {
    const quick = parseOptions(['--quick']);
    expect(quick.durationMs).toBeLessThan(parseOptions([]).durationMs);
    expect(quick.rounds).toBeGreaterThanOrEqual(5);
  });

  it('takes what is given, lists too', () => {
    const words = [
      '--json',
      'f',
      '--durability',
      'os',
      '--in-flight',
      '2',
      '64',
      '--quick',
      '--duration-ms',
      '7',
    ];
    expect(parseOptions([...words, '--only', 'etcd,scale', '--profile', 'd'])).toMatchObject({
      json: 'f',
      durability: 'os',
      inFlight: [2, 64],
      durationMs: 7,
      parts: ['scale', 'etcd'],
      profile: 'd',
    });
    expect(parseOptions(['--profile']).profile).toBe('.data/bench/profiles');
  });
});
