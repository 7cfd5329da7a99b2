import { describe, expect, it } from '@jest/globals';

import { DurabilityWaiters } from './durability-waiters.js';

describe('who waits for durability', () => {
  it('shares one promise as long as nothing was taken, and no longer', async () => {
    const waiters = new DurabilityWaiters();
    const ended: string[] = [];
    const note = (name: string, promise: Promise<void>) =>
      promise.then(
        () => ended.push(name),
        () => ended.push(`${name} failed`),
      );
    const first = waiters.join(1);
    expect(waiters.join(3)).toBe(first);
    waiters.taken(3);
    const second = waiters.join(4);
    expect(second).not.toBe(first);
    void note('first', first);
    void note('second', second);
    void note('on its way', waiters.join(2));
    waiters.resolveUpTo(2);
    await Promise.resolve();
    expect(ended).toEqual(['on its way']);
    waiters.resolveUpTo(3);
    await Promise.resolve();
    expect(ended).toEqual(['on its way', 'first']);
    waiters.rejectAll(new Error('failed'));
    await second.catch(() => undefined);
    expect(ended).toEqual(['on its way', 'first', 'second failed']);
    expect(waiters.join(9)).not.toBe(second);
  });
});
