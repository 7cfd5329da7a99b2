import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import { type Operation, type OperationResult, OutcomeMessage } from '@kv/proto';
import { createManualClock, createManualTimers } from '@kv/testing';

import type { ClientConnection, ExchangeSink } from '../transport/transport.js';
import { Lane } from './lane.js';
import type { Batch, Passenger } from './passenger.js';

interface Message {
  readonly operations: readonly Operation[];
  readonly sink: ExchangeSink;
  readonly cancelled: number[];
  answer(...indexes: number[]): void;
}

function openLane() {
  const clock = createManualClock();
  const timers = createManualTimers(clock);
  const messages: Message[] = [];
  const connection = {
    exchange: (operations: readonly Operation[], sink: ExchangeSink) => {
      const cancelled: number[] = [];
      const answer = (...indexes: number[]): void => {
        for (const index of indexes) sink.onResult(index, { id: 0 });
        sink.onResultsEnd();
      };
      messages.push({ operations, sink, cancelled, answer });
      return { cancel: (index: number) => cancelled.push(index) };
    },
  } as unknown as ClientConnection;
  const lane = new Lane(connection, { clock, timers });
  const submit = (count: number, bytes = 100): Waiting[] => {
    const passengers = Array.from({ length: count }, () => new Waiting(bytes));
    for (const passenger of passengers) lane.submit(passenger);
    return passengers;
  };
  /** An idle lane does not wait for it. */
  const turn = async (): Promise<void> => {
    await Promise.resolve();
    timers.runTurn();
  };
  return { lane, timers, messages, submit, turn };
}

class Waiting implements Passenger {
  id = 0;
  timeoutMs = 0;
  batch: Batch | undefined;
  index = 0;
  isWithdrawn = false;
  outcome: unknown = 'waiting';

  constructor(readonly bytes: number) {}

  leaves(): boolean {
    this.outcome = 'left';
    return true;
  }

  arrived(): void {
    this.outcome = 'arrived';
  }

  failed(error: KvError): void {
    this.outcome = error.code;
  }
}

const sizes = (messages: readonly Message[]): number[] => messages.map(({ operations }) => operations.length);
const tooLate: OperationResult = {
  id: 0,
  error: {
    code: 'timeout',
    outcome: OutcomeMessage.NOT_APPLIED,
    required: 0,
    received: 0,
    retryAfterMs: 0,
    message: '',
  },
};

describe('a lane', () => {
  it('sends what was submitted in one turn as one message', async () => {
    const { submit, messages, turn } = openLane();
    submit(3);
    submit(2);
    expect(messages).toEqual([]);
    await turn();
    submit(1);
    await turn();
    expect(sizes(messages)).toEqual([5, 1]);
  });

  it('sends at once while nothing is under way, then what a turn brings', async () => {
    const { submit, messages, turn } = openLane();
    submit(2);
    await Promise.resolve();
    expect(sizes(messages)).toEqual([2]);
    submit(1);
    await Promise.resolve();
    submit(1);
    expect(sizes(messages)).toEqual([2]);
    await turn();
    expect(sizes(messages)).toEqual([2, 2]);
  });

  it('sends parts of what leaves elsewhere at once, with what waits, also while others are under way', async () => {
    const { lane, submit, messages, turn } = openLane();
    submit(2);
    await turn();
    submit(3);
    for (let part = 0; part < 2; part += 1) lane.submitPart(new Waiting(100));
    expect(sizes(messages)).toEqual([2]);
    await Promise.resolve();
    expect(sizes(messages)).toEqual([2, 5]);
    await turn();
    submit(1);
    await turn();
    expect(sizes(messages)).toEqual([2, 5, 1]);
  });

  it('doubts its node until then, or until it answers', async () => {
    const { lane, submit, messages, turn } = openLane();
    submit(1);
    await turn();
    lane.doubt(50);
    expect([49, 50].map((nowMs) => lane.isDoubted(nowMs))).toEqual([true, false]);
    messages[0]!.answer(0);
    expect(lane.isDoubted(49)).toBe(false);
  });

  it('gathers while four messages are under way; one answered by half makes room', async () => {
    const { submit, messages, turn } = openLane();
    for (const count of [4, 4, 4, 4, 5, 6]) {
      submit(count);
      await turn();
    }
    expect(sizes(messages)).toEqual([4, 4, 4, 4]);
    messages[2]!.answer(0);
    await turn();
    expect(messages).toHaveLength(4);
    messages[2]!.answer(3);
    await turn();
    expect(sizes(messages)).toEqual([4, 4, 4, 4, 11]);
  });

  it('lets slow operations hold up no others, and leaves no timer behind', async () => {
    const { submit, messages, turn, timers } = openLane();
    for (let count = 0; count < 5; count += 1) {
      submit(1);
      await turn();
    }
    expect(messages).toHaveLength(4);
    timers.advance(20);
    expect(messages).toHaveLength(5);
    for (const message of messages) message.answer(0);
    expect(timers.pending).toBe(0);
  });

  it('cuts messages by operations and by bytes; one alone may be larger', async () => {
    const { submit, messages, turn } = openLane();
    submit(1_030, 10);
    await turn();
    expect(sizes(messages)).toEqual([1_024]);
    messages[0]!.answer(...Array.from({ length: 1_024 }, (_, index) => index));
    submit(4, 250_000);
    submit(1, 1_000_000);
    await turn();
    expect(sizes(messages)).toEqual([1_024, 8, 2, 1]);
  });

  it('halves what may be under way after answers that came late, once for all of them, and widens it again', async () => {
    const { lane, submit, messages, turn, timers } = openLane();
    submit(600);
    await turn();
    submit(424);
    await turn();
    expect(lane.operationsMax).toBe(1_024);
    timers.advance(1);
    messages[0]!.sink.onResult(0, tooLate);
    messages[0]!.sink.onResultsEnd();
    messages[1]!.sink.onResult(0, tooLate);
    messages[1]!.sink.onResultsEnd();
    expect(lane.operationsMax).toBe(512);
    submit(600);
    await turn();
    expect(messages).toHaveLength(2);
    messages[0]!.answer(...Array.from({ length: 599 }, (_, index) => index + 1));
    messages[1]!.answer(...Array.from({ length: 423 }, (_, index) => index + 1));
    await turn();
    expect(lane.operationsMax).toBe(513);
    expect(sizes(messages)).toEqual([600, 424, 513]);
  });

  it('does not send what nobody waits for, and tells the node of what has left', async () => {
    const { lane, submit, messages, turn } = openLane();
    const [first, second] = submit(2);
    lane.withdraw(first!);
    await turn();
    expect(sizes(messages)).toEqual([1]);
    lane.withdraw(second!);
    expect(messages[0]!.cancelled).toEqual([0]);
    messages[0]!.answer(0);
    expect([first!.outcome, second!.outcome]).toEqual(['waiting', 'left']);
  });

  it('tells everybody of a message that failed, whoever was answered before excepted', async () => {
    const { submit, messages, turn } = openLane();
    const passengers = submit(3);
    await turn();
    messages[0]!.answer(1);
    messages[0]!.sink.onFailure(new KvError('unavailable', 'lost', { outcome: 'unknown' }));
    expect(passengers.map(({ outcome }) => outcome)).toEqual(['unavailable', 'arrived', 'unavailable']);
  });
});
