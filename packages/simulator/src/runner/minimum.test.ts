import { describe, expect, it } from '@jest/globals';

import { minimum, seedsOfFullRun, shortOfMinimum } from './minimum.js';

describe('the minimum of a full run', () => {
  it('is satisfied by exactly so much', () => {
    expect(shortOfMinimum(minimum)).toBeUndefined();
  });

  it('names every figure that is below', () => {
    for (const name of Object.keys(minimum) as (keyof typeof minimum)[]) {
      const short = shortOfMinimum({ ...minimum, [name]: minimum[name] - 1 });
      expect(short).toBe(`${name} ${minimum[name] - 1} of ${minimum[name]}`);
    }
  });

  it('is within reach of the seeds of a full run', () => {
    expect(seedsOfFullRun).toBeGreaterThanOrEqual(minimum.seeds);
  });
});
