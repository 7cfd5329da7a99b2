import { describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers } from '@kv/testing';

import { createOperationScope, type OperationScope } from './operation-scope.js';
import { createRequestSlots, type RequestSlot } from './request-slots.js';

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
    const taken: RequestSlot[] = [];
    for (const i of [0, 1, 2, 3]) {
      void slots.acquire(scope()).then((slot) => {
        entered.push(i);
        taken.push(slot);
      });
    }
    await turn();
    expect(entered).toEqual([0, 1]);
    taken[0]!.release('in-time');
    await turn();
    expect(entered).toEqual([0, 1, 2]);
    taken[1]!.release('in-time');
    await turn();
    expect(entered).toEqual([0, 1, 2, 3]);
  });

  it('are fewer after requests that came late, once for all of them, and more again after some in time', async () => {
    const slots = createRequestSlots(8);
    const taken: RequestSlot[] = [];
    for (let i = 0; i < 30; i += 1) void slots.acquire(scope()).then((slot) => taken.push(slot));
    await turn();
    const underWay = [taken.length];
    for (const pace of ['late', 'in-time', 'in-time'] as const) {
      for (const slot of taken.splice(0)) slot.release(pace);
      await turn();
      underWay.push(taken.length);
    }
    expect(underWay).toEqual([8, 4, 4, 5]);
  });

  it('one that gives up in line holds up nobody, also if its turn comes in the same moment', async () => {
    const slots = createRequestSlots(1);
    const first = await slots.acquire(scope());
    const early = new AbortController();
    const givenUp = slots.acquire(scope(early.signal));
    const second = slots.acquire(scope());
    early.abort(new Error('enough'));
    await expect(givenUp).rejects.toThrow('enough');
    const late = new AbortController();
    const following = slots.acquire(scope(late.signal));
    first.release('in-time');
    (await second).release('in-time');
    late.abort(new Error('too late'));
    await following.then(
      (slot) => slot.release('in-time'),
      () => undefined,
    );
    // Were the slot lost, this would wait for ever.
    expect(await slots.acquire(scope())).toBeDefined();
  });
});
