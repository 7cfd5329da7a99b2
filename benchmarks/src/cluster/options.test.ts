import { describe, expect, it } from '@jest/globals';

import { parseOptions } from './options.js';

describe('parseOptions', () => {
  it('has defaults', () => {
    expect(parseOptions([])).toMatchObject({
      json: undefined,
      nodes: 3,
      durability: ['always'],
      inFlight: [1, 10, 256],
      clients: 1,
      keys: 10_000,
      valueBytes: 100,
      durationMs: 5_000,
    });
  });

  it('takes what is given, lists too', () => {
    const given = [
      '--json',
      'f',
      '--durability',
      'os',
      '--durability',
      'always',
      '--in-flight',
      '2',
      '64',
      '--quick',
    ];
    expect(parseOptions(given)).toMatchObject({
      json: 'f',
      durability: ['os', 'always'],
      inFlight: [2, 64],
      durationMs: 2_000,
    });
  });
});
