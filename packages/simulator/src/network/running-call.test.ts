import { describe, expect, it } from '@jest/globals';

import { RunningCall } from './running-call.js';

function start() {
  const call = new RunningCall({
    method: 'kv.Session',
    request: new Uint8Array(0),
    metadata: new Map(),
    onReply: () => undefined,
    onEnd: () => undefined,
    onFailure: () => undefined,
  });
  const seen: string[] = [];
  const events: (() => void)[] = [];
  const arrive = (number: number): void =>
    call.arrived(
      number,
      () => seen.push(`answer ${number}`),
      (act) => events.push(act),
    );
  const nextEvent = (): void => {
    seen.push('event');
    events.shift()?.();
  };
  return { call, seen, events, arrive, nextEvent };
}

describe('answers of one call', () => {
  it('keep their order, each in an event of its own', () => {
    const { seen, events, arrive, nextEvent } = start();
    arrive(2);
    arrive(1);
    arrive(0);
    // One that comes before those that waited had their events stands behind them.
    arrive(3);
    while (events.length > 0) nextEvent();
    expect(seen).toEqual(['answer 0', 'event', 'answer 1', 'event', 'answer 2', 'event', 'answer 3']);
  });

  it('are not told of a call that is settled meanwhile', () => {
    const { call, seen, events, arrive, nextEvent } = start();
    arrive(1);
    arrive(0);
    call.settle();
    while (events.length > 0) nextEvent();
    expect(seen).toEqual(['answer 0', 'event']);
  });
});
