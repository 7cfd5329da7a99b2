import { describe, expect, it } from '@jest/globals';

import { type WorkloadName, workloadNames } from './load.js';
import { createWorkload, type WorkloadOptions } from './workload.js';

const options: WorkloadOptions = { workload: 'mixed', keyOrder: 'uniform', keys: 50, seed: 1, inFlight: 8 };

function draw(changed: Partial<WorkloadOptions>, count = 5_000): { kind: string; key: number }[] {
  const workload = createWorkload({ ...options, ...changed });
  return Array.from({ length: count }, () => ({ kind: workload.draw(), key: workload.keyIndex }));
}

describe('createWorkload', () => {
  it('draws the same with the same seed', () => {
    expect(draw({ seed: 3 })).toEqual(draw({ seed: 3 }));
    expect(draw({ seed: 3 })).not.toEqual(draw({ seed: 4 }));
  });

  const getShares: Readonly<Record<WorkloadName, number>> = {
    put: 0,
    get: 1,
    mixed: 0.8,
    'read-heavy': 0.95,
    'write-heavy': 0.05,
    'ycsb-a': 0.5,
    'ycsb-b': 0.95,
    'ycsb-c': 1,
    'ycsb-d': 0.95,
    'ycsb-f': 0.5,
  };
  it.each(workloadNames)('%s has its share of gets', (workload) => {
    const drawn = draw({ workload });
    const gets = drawn.filter(({ kind }) => kind === 'get').length / drawn.length;
    expect(Math.abs(gets - getShares[workload])).toBeLessThan(0.03);
  });

  it('writes what its name says beside the gets', () => {
    const kindsOf = (workload: WorkloadName) => new Set(draw({ workload }).map(({ kind }) => kind));
    expect(kindsOf('ycsb-a')).toEqual(new Set(['get', 'put']));
    expect(kindsOf('ycsb-d')).toEqual(new Set(['get', 'insert']));
    expect(kindsOf('ycsb-f')).toEqual(new Set(['get', 'read-modify-write']));
  });

  it.each(['uniform', 'zipf', 'sequential'] as const)('covers all keys and no others: %s', (keyOrder) => {
    const keys = draw({ keyOrder }).map(({ key }) => key);
    expect([...new Set(keys)].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, index) => index));
  });

  it('goes through the keys in order', () => {
    expect(draw({ workload: 'put', keyOrder: 'sequential', keys: 3 }, 4).map(({ key }) => key)).toEqual([
      0, 1, 2, 0,
    ]);
  });

  it('has few hot keys with zipf, none with uniform', () => {
    const hottest = (keyOrder: 'zipf' | 'uniform'): number => {
      const counts = new Map<number, number>();
      for (const { key } of draw({ keyOrder, keys: 1000 })) counts.set(key, (counts.get(key) ?? 0) + 1);
      return Math.max(...counts.values());
    };
    expect(hottest('zipf')).toBeGreaterThan(300);
    expect(hottest('uniform')).toBeLessThan(50);
  });

  it('inserts new keys one after the other, and reads none of those that may still be under way', () => {
    const seen = draw({ workload: 'ycsb-d', keyOrder: 'latest' });
    const inserted = seen.filter(({ kind }) => kind === 'insert').map(({ key }) => key);
    expect(inserted).toEqual(inserted.map((_, index) => options.keys + index));
    let next = options.keys;
    for (const { kind, key } of seen) {
      if (kind === 'insert') next++;
      else expect(key).toBeLessThan(Math.max(options.keys, next - options.inFlight + 1));
      expect(key).toBeGreaterThanOrEqual(0);
    }
  });
});
