import { describe, expect, it } from '@jest/globals';

import type { PlannedOperation } from '../plan/plan.js';
import { Rallies, type Strand } from './rallies.js';

/** Time that moves when it is told to. */
function createTime() {
  const sleeping: { readonly atMs: number; readonly wake: () => void }[] = [];
  const time = {
    nowMs: 0,
    strand: (node?: number): Strand => ({
      node,
      sleep: (delayMs) =>
        new Promise((resolve) => sleeping.push({ atMs: time.nowMs + delayMs, wake: resolve })),
    }),
    async pass(toMs: number): Promise<void> {
      time.nowMs = toMs;
      for (const { atMs, wake } of sleeping) if (atMs <= toMs) wake();
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    },
  };
  return time;
}

const get = { id: 1, kind: 'get' } as PlannedOperation;

describe('a rally', () => {
  it('wakes who sleeps, and lets nobody sleep long until it is over', async () => {
    const time = createTime();
    const rallies = new Rallies(time);
    const strand = time.strand();
    const woken: string[] = [];
    void rallies.pause(strand, 1_000).then(() => woken.push('first'));
    await time.pass(10);
    expect(woken).toEqual([]);
    rallies.call(100);
    await time.pass(15);
    expect(woken).toEqual(['first']);
    void rallies.pause(strand, 503).then(() => woken.push('second'));
    await time.pass(19);
    expect(woken).toEqual(['first', 'second']);
    await time.pass(200);
    void rallies.pause(strand, 503).then(() => woken.push('third'));
    // Here ends what the first pause was to be: it is no concern of the third.
    await time.pass(699);
    await time.pass(702);
    expect(woken).toEqual(['first', 'second']);
    await time.pass(703);
    expect(woken).toEqual(['first', 'second', 'third']);
  });

  it('is for whom it calls, and for what', () => {
    const time = createTime();
    const rallies = new Rallies(time);
    const kindFor = (strand: Strand): string => rallies.shaped(strand, get).kind;
    rallies.call(100, { only: 'put', node: 2 });
    expect([2, 1, undefined].map((node) => kindFor(time.strand(node)))).toEqual(['put', 'get', 'put']);
    time.nowMs = 100;
    expect(kindFor(time.strand(2))).toBe('get');
  });
});
