import { describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers } from '@kv/testing';

import { createOperationScope, type OperationScope } from './operation-scope.js';
import { createRequestSlots } from './request-slots.js';

const clock = createManualClock({ nowMs: 0 });
const ports = { clock, timers: createManualTimers(clock) };

function scope(signal?: AbortSignal): OperationScope {
  return createOperationScope({ timeoutMs: 1_000, signal, what: 'test' }, ports);
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('request slots', () => {
  it('let so many in at once, the others in the order of their coming', async () => {
    const slots = createRequestSlots(2);
    const entered: number[] = [];
    const releases: (() => void)[] = [];
    for (const i of [0, 1, 2, 3]) {
      void slots.acquire(scope()).then((release) => {
        entered.push(i);
        releases.push(release);
      });
    }
    await turn();
    expect(entered).toEqual([0, 1]);
    releases[0]!();
    await turn();
    expect(entered).toEqual([0, 1, 2]);
    releases[1]!();
    await turn();
    expect(entered).toEqual([0, 1, 2, 3]);
  });

  it('one that gives up in line holds up nobody, also if its turn comes in the same moment', async () => {
    const slots = createRequestSlots(1);
    const release = await slots.acquire(scope());
    const controller = new AbortController();
    const givenUp = slots.acquire(scope(controller.signal));
    const next = slots.acquire(scope());
    controller.abort(new Error('enough'));
    await expect(givenUp).rejects.toThrow('enough');
    const late = new AbortController();
    release();
    const following = slots.acquire(scope(late.signal));
    const releaseNext = await next;
    releaseNext();
    late.abort(new Error('too late'));
    await following.then(
      (releaseFollowing) => releaseFollowing(),
      () => undefined,
    );
    // Were the slot lost, this would wait for ever.
    expect(typeof (await slots.acquire(scope()))).toBe('function');
  });
});
