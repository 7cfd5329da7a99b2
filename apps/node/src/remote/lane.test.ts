import { beforeEach, describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers, type ManualClock, type ManualTimers } from '@kv/testing';

import { messagesInFlightMax, operationOverheadBytes, operationsPerMessageMax } from '../limits.js';
import { createByteBudget } from './byte-budget.js';
import { Lane, LaneFull } from './lane.js';

interface Message {
  readonly operations: readonly number[];
  readonly deadlineMs: number;
  readonly answer: (replies: readonly (string | undefined)[]) => void;
  readonly fail: (error: Error) => void;
}

let clock: ManualClock;
let timers: ManualTimers;
let messages: Message[];
let lane: Lane<number, string>;
const bytesMax = 100_000;

beforeEach(() => {
  clock = createManualClock({ nowMs: 1_000 });
  timers = createManualTimers(clock);
  messages = [];
  lane = new Lane<number, string>(
    (operations, deadlineMs) =>
      new Promise((answer, fail) => void messages.push({ operations, deadlineMs, answer, fail })),
    { clock, timers, budget: createByteBudget(bytesMax) },
  );
});

const submit = (
  operation: number,
  facts: { bytes?: number; deadlineMs?: number; signal?: AbortSignal } = {},
) => {
  const reply = lane.submit(operation, { bytes: 8, deadlineMs: 1_000, ...facts });
  reply.catch(() => undefined);
  return reply;
};
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a lane', () => {
  it('sends what was submitted in one turn as one message, and gives each its own reply', async () => {
    const replies = [submit(1), submit(2), submit(3)];
    expect(messages).toHaveLength(0);
    timers.runTurn();
    expect(messages.map(({ operations }) => operations)).toEqual([[1, 2, 3]]);
    messages[0]!.answer(['a', 'b', 'c']);
    expect(await Promise.all(replies)).toEqual(['a', 'b', 'c']);
  });

  it('keeps few messages in flight, and gathers what comes meanwhile', async () => {
    for (let index = 0; index < messagesInFlightMax; index += 1) {
      void submit(index);
      timers.runTurn();
    }
    for (let index = 0; index < operationsPerMessageMax + 1; index += 1) {
      void submit(100 + index);
      timers.runTurn();
    }
    expect(messages).toHaveLength(messagesInFlightMax);
    messages[0]!.answer(['a']);
    await settle();
    timers.runTurn();
    expect(messages).toHaveLength(messagesInFlightMax + 1);
    expect(messages.at(-1)!.operations).toHaveLength(operationsPerMessageMax);
  });

  it('bounds the bytes of a message, but lets one operation be larger', () => {
    lane = new Lane<number, string>(
      (operations, deadlineMs) =>
        new Promise((answer, fail) => void messages.push({ operations, deadlineMs, answer, fail })),
      { clock, timers, budget: createByteBudget(2 ** 30) },
    );
    for (const bytes of [3_000_000, 1_500_000, 1_500_000, 10]) void submit(bytes, { bytes });
    timers.runTurn();
    expect(messages.map(({ operations }) => operations)).toEqual([[3_000_000], [1_500_000], [1_500_000, 10]]);
  });

  it('refuses what would be too many bytes, until there is room again', async () => {
    void submit(1, { bytes: bytesMax - operationOverheadBytes });
    await expect(submit(2)).rejects.toBeInstanceOf(LaneFull);
    timers.runTurn();
    await expect(submit(3)).rejects.toBeInstanceOf(LaneFull);
    messages[0]!.answer(['a']);
    await settle();
    void submit(4);
    timers.runTurn();
    expect(messages.map(({ operations }) => operations)).toEqual([[1], [4]]);
  });

  it('never sends what nobody waits for any more, and gives its bytes back', async () => {
    const given = new AbortController();
    const aborted = submit(1, { signal: given.signal, bytes: bytesMax / 3 });
    const late = submit(2, { deadlineMs: 5, bytes: bytesMax / 3 });
    given.abort();
    clock.advance(5);
    timers.runTurn();
    await expect(aborted).rejects.toMatchObject({ code: 'unavailable', sent: false });
    await expect(late).rejects.toMatchObject({ code: 'unavailable', sent: false });
    expect(messages).toHaveLength(0);
    const next = submit(3, { bytes: bytesMax - operationOverheadBytes });
    timers.runTurn();
    messages[0]!.answer(['c']);
    expect(await next).toBe('c');
  });

  it('tells the peer the longest time that one of them has', () => {
    void submit(1, { deadlineMs: 40 });
    void submit(2, { deadlineMs: 90 });
    clock.advance(10);
    timers.runTurn();
    void submit(3, { deadlineMs: 0 });
    timers.runTurn();
    expect(messages.map(({ deadlineMs }) => deadlineMs)).toEqual([80, Infinity]);
  });

  it('fails all operations of a message that failed, and those that it has no reply for', async () => {
    const [first, second] = [submit(1), submit(2)];
    timers.runTurn();
    const third = submit(3);
    const fourth = submit(4);
    timers.runTurn();
    messages[0]!.fail(new Error('lost'));
    messages[1]!.answer(['c']);
    await expect(first).rejects.toThrow('lost');
    await expect(second).rejects.toThrow('lost');
    expect(await third).toBe('c');
    await expect(fourth).rejects.toMatchObject({ sent: true });
  });
});
