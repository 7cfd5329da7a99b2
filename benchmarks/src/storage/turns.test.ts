import { describe, expect, it } from '@jest/globals';

import { watchTurns } from './turns.js';

const busy = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

describe('watchTurns', () => {
  it('sees who keeps the event loop', async () => {
    const work = new Promise<void>((resolve) => {
      setTimeout(() => {
        busy(30);
        setTimeout(resolve, 5);
      }, 5);
    });
    const { longestMs, longestWithGarbageCollectionMs } = await watchTurns(work);
    expect(longestMs).toBeGreaterThanOrEqual(25);
    expect(longestWithGarbageCollectionMs).toBeGreaterThanOrEqual(longestMs);
  });

  it('rejects with what it was watching', async () => {
    await expect(watchTurns(Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
  });
});
