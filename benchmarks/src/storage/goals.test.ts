import { describe, expect, it } from '@jest/globals';

import { verdictsOf } from './goals.js';
import { reportOf } from './report.js';
import type { SystemName } from './systems/system.js';
import type { Measurement } from './task.js';

const measured = (system: SystemName, round: number, getPerSecond: number): Measurement => ({
  ...{ step: 'primitives', label: '', part: 'primitives', system, round, keys: 'bytes', keyCount: 1e6 },
  ...{ valueBytes: 100, durability: 'os', seconds: 3, seed: 1, time: 'wall' },
  figures: { getPerSecond, loadPerSecond: 1, overwritePerSecond: 1 },
});

describe('goals', () => {
  it.each([
    [1.3e6, true],
    [1.2e6, false],
  ])('a get of %d/s beside a Map of 1 M/s reaches its goal: %s', (ours, isReached) => {
    const verdicts = verdictsOf([measured('kv', 1, ours), measured('map', 1, 1e6)]);
    const get = verdicts.find(({ name }) => name === 'get, × Map');
    expect(get).toMatchObject({ wanted: '≥ 1.25', isReached });
    // Nothing is said of what was not measured.
    expect(verdicts.map(({ name }) => name).join()).not.toMatch(/lmdb|recovery|slice/);
  });

  it('are judged by the median of the rounds', () => {
    const rounds = [1.4e6, 0.5e6, 1.3e6].flatMap((ours, index) => [
      measured('kv', index + 1, ours),
      measured('map', index + 1, 1e6),
    ]);
    const [get] = verdictsOf(rounds);
    expect(get).toMatchObject({ isReached: true, measured: { median: 1.3, least: 0.5, most: 1.4 } });
    expect(reportOf(rounds)).toContain('| get, × Map | ≥ 1.25 | **1.30** [0.50–1.40] | reached |');
  });
});
