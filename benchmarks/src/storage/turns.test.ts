import { describe, expect, it } from '@jest/globals';

import { openCoreWait } from './core-wait.js';
import { watchTurns } from './turns.js';

/** Without what others have of the processor meanwhile. */
const busy = (ms: number): void => {
  const wait = openCoreWait();
  const ownMs = (): number => performance.now() - wait.read();
  const until = ownMs() + ms;
  while (ownMs() < until);
  wait.close();
};

describe('watchTurns', () => {
  it('sees who keeps the event loop', async () => {
    const work = new Promise<void>((resolve) => {
      setTimeout(() => {
        busy(30);
        setTimeout(resolve, 5);
      }, 5);
    });
    const { longestMs, longestByClockMs } = await watchTurns(work);
    expect(longestMs).toBeGreaterThanOrEqual(25);
    expect(longestByClockMs).toBeGreaterThanOrEqual(longestMs);
  });

  it('rejects with what it was watching', async () => {
    await expect(watchTurns(Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
  });
});

describe('openCoreWait', () => {
  it('counts up', () => {
    const wait = openCoreWait();
    const before = wait.read();
    busy(5);
    const after = wait.read();
    wait.close();
    expect(before).toBeGreaterThanOrEqual(0);
    expect(after).toBeGreaterThanOrEqual(before);
  });
});
