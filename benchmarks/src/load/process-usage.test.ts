import { describe, expect, it } from '@jest/globals';

import { parseStat, usageOf } from './process-usage.js';

describe('parseStat', () => {
  it('counts user and system time and resident pages, whatever the command is called', () => {
    const after = Array.from({ length: 50 }, (_, index) => String(index + 3));
    after[0] = 'S';
    after[14 - 3] = '250';
    after[15 - 3] = '50';
    after[24 - 3] = '1000';
    expect(parseStat(`4711 (a (very) odd name) ${after.join(' ')}`)).toEqual({
      cpuSeconds: 3,
      residentBytes: 4_096_000,
    });
  });
});

describe('usageOf', () => {
  it('is undefined when a process is gone', () => {
    expect(usageOf([2 ** 30])).toBeUndefined();
  });
});
