import { beforeEach, describe, expect, it } from '@jest/globals';
import { notSent, perhapsSent, type Unreachable } from '@kv/replication';
import { createManualClock, createManualTimers, type ManualClock, type ManualTimers } from '@kv/testing';

import {
  messagesInFlightMax,
  operationOverheadBytes,
  operationsPerMessageMax,
  recordsReturnedPerMessageMax,
} from '../limits.js';
import { createByteBudget } from './byte-budget.js';
import { Lane, LaneFull } from './lane.js';

interface Message {
  readonly operations: readonly number[];
  readonly deadlineMs: number;
  readonly answer: (replies: readonly (Reply | undefined)[]) => void;
  readonly fail: (error: Error) => void;
}

type Reply = string;

interface Operation {
  readonly number: number;
  readonly bytes: number;
  readonly returnsRecord: boolean;
  readonly deadlineAtMs: number;
  readonly tag: number;
  readonly signal: AbortSignal | undefined;
}

let clock: ManualClock;
let timers: ManualTimers;
let messages: Message[];
let lane: Lane<Operation, Reply>;
const bytesMax = 100_000;
const member = 7;

beforeEach(() => {
  clock = createManualClock({ nowMs: 1_000 });
  timers = createManualTimers(clock);
  messages = [];
  lane = laneOf(bytesMax);
});

function laneOf(budgetBytes: number): Lane<Operation, Reply> {
  return new Lane<Operation, Reply>(
    {
      member,
      bytesOf: ({ bytes }) => bytes,
      returnsRecord: ({ returnsRecord }) => returnsRecord,
      failed: (error) => (error instanceof LaneFull ? 'full' : `failed: ${(error as Error).message}`),
      exchange: (operations, deadlineMs) =>
        new Promise((answer, fail) => {
          messages.push({ operations: operations.map(({ number }) => number), deadlineMs, answer, fail });
        }),
    },
    { clock, timers, budget: createByteBudget(budgetBytes) },
  );
}

const submit = (
  number: number,
  facts: { bytes?: number; deadlineMs?: number; signal?: AbortSignal; returnsRecord?: boolean } = {},
): Promise<Reply | Unreachable> => {
  const { bytes = 8, deadlineMs = 1_000, signal, returnsRecord = false } = facts;
  const deadlineAtMs = clock.monotonicMs() + deadlineMs;
  return new Promise((resolve, reject) => {
    let told = 0;
    const isToldOnce = (): boolean => told === 1;
    lane.submit(
      { number, bytes, returnsRecord, deadlineAtMs, tag: number, signal },
      {
        onAnswer: (from, tag, answer) => {
          told += 1;
          if (!isToldOnce() || from !== member || tag !== number) reject(new Error('told wrongly'));
          resolve(answer);
        },
      },
    );
    if (isToldOnce()) reject(new Error('told before it returned'));
  });
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
    lane = laneOf(2 ** 30);
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
    lane = laneOf(2 ** 30);
    for (const bytes of [3_000_000, 1_500_000, 1_500_000, 10]) void submit(bytes, { bytes });
    timers.runTurn();
    expect(messages.map(({ operations }) => operations)).toEqual([[3_000_000], [1_500_000], [1_500_000, 10]]);
  });

  it('bounds how many records a message may bring back', () => {
    lane = laneOf(2 ** 30);
    for (let number = 0; number <= recordsReturnedPerMessageMax; number += 1) {
      void submit(number, { returnsRecord: true });
      void submit(1_000 + number);
    }
    timers.runTurn();
    expect(messages.map(({ operations }) => operations.length)).toEqual([
      2 * recordsReturnedPerMessageMax,
      2,
    ]);
  });

  it('refuses what would be too many bytes, until there is room again', async () => {
    void submit(1, { bytes: bytesMax - operationOverheadBytes });
    expect(await submit(2)).toBe('full');
    timers.runTurn();
    expect(await submit(3)).toBe('full');
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
    expect(await aborted).toEqual(notSent);
    expect(await late).toEqual(notSent);
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
    void submit(3, { deadlineMs: Infinity });
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
    expect(await first).toBe('failed: lost');
    expect(await second).toBe('failed: lost');
    expect(await third).toBe('c');
    expect(await fourth).toEqual(perhapsSent);
  });
});
