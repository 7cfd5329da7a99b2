import { beforeEach, describe, expect, it } from '@jest/globals';
import { createManualClock, createManualTimers, type ManualClock, type ManualTimers } from '@kv/testing';

import {
  messagesInFlightMax,
  operationOverheadBytes,
  operationsPerMessageMax,
  recordsReturnedPerMessageMax,
} from '../limits.js';
import { createByteBudget } from './byte-budget.js';
import { Lane, LaneFull, type LaneParcel } from './lane.js';

interface Message {
  readonly parcels: readonly number[];
  readonly deadlineMs: number;
  readonly answer: (replies: string) => void;
  readonly fail: (error: Error) => void;
}

interface Parcel extends LaneParcel {
  readonly number: number;
}

let clock: ManualClock;
let timers: ManualTimers;
let messages: Message[];
let lane: Lane<Parcel, string>;
const bytesMax = 100_000;
const member = 7;

beforeEach(() => {
  clock = createManualClock({ nowMs: 1_000 });
  timers = createManualTimers(clock);
  messages = [];
  lane = laneOf(bytesMax);
});

function laneOf(budgetBytes: number, { isNear = false } = {}): Lane<Parcel, string> {
  return new Lane<Parcel, string>(
    {
      member,
      isNear,
      notSent: 'not sent',
      failed: (error) => (error instanceof LaneFull ? 'full' : `failed: ${(error as Error).message}`),
      exchange: (parcels, deadlineMs) =>
        new Promise((answer, fail) => {
          messages.push({ parcels: parcels.map(({ number }) => number), deadlineMs, answer, fail });
        }),
    },
    { clock, timers, budget: createByteBudget(budgetBytes) },
  );
}

/** @returns the answers to the whole message, and where those to this parcel begin */
const submit = (
  number: number,
  facts: {
    bytes?: number;
    deadlineMs?: number;
    signal?: AbortSignal;
    returned?: number;
    count?: number;
    isLone?: boolean;
  } = {},
): Promise<string> => {
  const { bytes = 8, deadlineMs = 1_000, signal, returned = 0, count = 1, isLone } = facts;
  const deadlineAtMs = clock.monotonicMs() + deadlineMs;
  return new Promise((resolve, reject) => {
    let told = 0;
    const isToldOnce = (): boolean => told === 1;
    lane.submit(
      { number, count, bytes, returned, deadlineAtMs, signal, isLone },
      {
        onAnswers: (from, answers, first) => {
          told += 1;
          if (!isToldOnce() || from !== member) reject(new Error('told wrongly'));
          resolve(first === 0 ? answers : `${answers} from ${first}`);
        },
      },
    );
    if (isToldOnce()) reject(new Error('told before it returned'));
  });
};
const settle = () => new Promise((resolve) => setImmediate(resolve));
/** An idle lane does not wait for it. */
const turn = async () => {
  await Promise.resolve();
  timers.runTurn();
};

describe('a lane', () => {
  it('sends what was submitted in one turn as one message, and tells each where its answers begin', async () => {
    const answers = [submit(1), submit(2, { count: 40 }), submit(3)];
    expect(messages).toHaveLength(0);
    await turn();
    expect(messages.map(({ parcels }) => parcels)).toEqual([[1, 2, 3]]);
    messages[0]!.answer('abc');
    expect(await Promise.all(answers)).toEqual(['abc', 'abc from 1', 'abc from 41']);
  });

  it('sends at once while nothing is under way, then what a turn brings', async () => {
    void submit(1);
    await Promise.resolve();
    expect(messages.map(({ parcels }) => parcels)).toEqual([[1]]);
    void submit(2);
    await Promise.resolve();
    void submit(3);
    expect(messages).toHaveLength(1);
    await turn();
    expect(messages.map(({ parcels }) => parcels)).toEqual([[1], [2, 3]]);
  });

  it('lets others go first if it is near', async () => {
    lane = laneOf(bytesMax, { isNear: true });
    void submit(1);
    await Promise.resolve();
    expect(messages).toHaveLength(0);
    await turn();
    expect(messages).toHaveLength(1);
  });

  it('does not wait for the turn to end with one that is alone', async () => {
    lane = laneOf(bytesMax, { isNear: true });
    void submit(1, { isLone: true });
    expect(messages).toHaveLength(0);
    await Promise.resolve();
    expect(messages).toHaveLength(1);
  });

  it('keeps few messages in flight, and gathers what comes meanwhile', async () => {
    lane = laneOf(2 ** 30);
    for (let index = 0; index < messagesInFlightMax; index += 1) {
      void submit(index);
      await turn();
    }
    for (let index = 0; index < operationsPerMessageMax + 1; index += 1) {
      void submit(100 + index);
      await turn();
    }
    expect(messages).toHaveLength(messagesInFlightMax);
    messages[0]!.answer('a');
    await settle();
    await turn();
    expect(messages).toHaveLength(messagesInFlightMax + 1);
    expect(messages.at(-1)!.parcels).toHaveLength(operationsPerMessageMax);
  });

  it('bounds the bytes of a message, but lets one operation be larger', async () => {
    lane = laneOf(2 ** 30);
    for (const bytes of [3_000_000, 1_500_000, 1_500_000, 10]) void submit(bytes, { bytes });
    await turn();
    expect(messages.map(({ parcels }) => parcels)).toEqual([[3_000_000], [1_500_000], [1_500_000, 10]]);
  });

  it('bounds the operations of a message, and never parts those of a parcel', async () => {
    lane = laneOf(2 ** 30);
    const half = operationsPerMessageMax / 2;
    for (const [number, count] of [half, half, 1, operationsPerMessageMax, 1].entries()) {
      void submit(number, { count });
    }
    await turn();
    expect(messages.map(({ parcels }) => parcels)).toEqual([[0, 1], [2], [3], [4]]);
  });

  it('bounds how many records a message may bring back', async () => {
    lane = laneOf(2 ** 30);
    for (let number = 0; number <= recordsReturnedPerMessageMax; number += 1) {
      void submit(number, { returned: 1 });
      void submit(1_000 + number);
    }
    await turn();
    expect(messages.map(({ parcels }) => parcels.length)).toEqual([2 * recordsReturnedPerMessageMax, 2]);
  });

  it('refuses what would be too many bytes, until there is room again', async () => {
    void submit(1, { bytes: bytesMax - operationOverheadBytes });
    expect(await submit(2)).toBe('full');
    await turn();
    expect(await submit(3)).toBe('full');
    messages[0]!.answer('a');
    await settle();
    void submit(4);
    await turn();
    expect(messages.map(({ parcels }) => parcels)).toEqual([[1], [4]]);
  });

  it('counts an overhead for each operation of a parcel', async () => {
    const count = Math.floor(bytesMax / (operationOverheadBytes + 8));
    void submit(1, { count, bytes: 8 * count });
    expect(await submit(2)).toBe('full');
  });

  it('never sends what nobody waits for any more, and gives its bytes back', async () => {
    const given = new AbortController();
    const aborted = submit(1, { signal: given.signal, bytes: bytesMax / 3 });
    const late = submit(2, { deadlineMs: 5, bytes: bytesMax / 3 });
    given.abort();
    clock.advance(5);
    await turn();
    expect(await aborted).toBe('not sent');
    expect(await late).toBe('not sent');
    expect(messages).toHaveLength(0);
    const next = submit(3, { bytes: bytesMax - operationOverheadBytes });
    await turn();
    messages[0]!.answer('c');
    expect(await next).toBe('c');
  });

  it('tells the peer the longest time that one of them has', async () => {
    void submit(1, { deadlineMs: 40 });
    void submit(2, { deadlineMs: 90 });
    clock.advance(10);
    await turn();
    void submit(3, { deadlineMs: Infinity });
    await turn();
    expect(messages.map(({ deadlineMs }) => deadlineMs)).toEqual([80, Infinity]);
  });

  it('fails all operations of a message that failed', async () => {
    const [first, second] = [submit(1), submit(2)];
    await turn();
    const third = submit(3);
    await turn();
    messages[0]!.fail(new Error('lost'));
    messages[1]!.answer('c');
    expect(await first).toBe('failed: lost');
    expect(await second).toBe('failed: lost from 1');
    expect(await third).toBe('c');
  });
});
