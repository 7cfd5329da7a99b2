import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import { GetRequest, type Operation, type OperationResult, OutcomeMessage } from '@kv/proto';
import { timestampOf } from '@kv/hlc';
import type {
  Caller,
  CallOptions,
  Coordinator,
  GetRequest as CoordinatedGet,
  GetResult,
  RunningOperation,
} from '@kv/replication';
import { createManualClock, createManualTimers, createRecordingLogger } from '@kv/testing';

import { createSessionService } from './session-service.js';

interface Asked {
  readonly key: string;
  readonly options: CallOptions;
  isAbandoned: boolean;
  readonly found: (value?: Buffer) => void;
  readonly fail: (error: unknown) => void;
}

function openSession() {
  const asked: Asked[] = [];
  const messages: (readonly OperationResult[])[] = [];
  const timers = createManualTimers(createManualClock());
  const logger = createRecordingLogger();
  const common = {
    serverTime: timestampOf(2 ** 41),
    version: { timestamp: timestampOf(2 ** 41), node: 1 },
    expiresAtMs: 0,
  };
  const get = (
    { key }: CoordinatedGet,
    options: CallOptions,
    caller: Caller<GetResult>,
  ): RunningOperation => {
    const one: Asked = {
      key: Buffer.from(key).toString(),
      options,
      isAbandoned: false,
      found: (value = Buffer.from('v')) => caller.resolve({ ...common, found: true, value }),
      fail: (error) => caller.reject(error),
    };
    asked.push(one);
    return { abandon: () => void (one.isAbandoned = true) };
  };
  const coordinator = { submit: { get } } as unknown as Coordinator;
  const service = createSessionService({ requestTimeoutMs: 1_000 }, { coordinator, timers, logger });
  const session = service({ emit: (results) => messages.push(results) });
  const send = (...operations: Operation[]): void => session.receive({ operations, cancelled: [] });
  return { session, send, asked, messages, logger, turn: () => timers.advanceAsync(0) };
}

const get = (id: number, timeoutMs = 0): Operation => ({
  id,
  timeoutMs,
  get: GetRequest.fromPartial({ key: Buffer.from(`k${id}`) }),
});

const idsOf = (messages: readonly (readonly OperationResult[])[]): number[][] =>
  messages.map((results) => results.map(({ id }) => id));

describe('a session', () => {
  it('answers what is ready in one turn with one message; nothing waits for the slow', async () => {
    const { send, asked, messages, turn } = openSession();
    send(get(1), get(2), get(3));
    send(get(4));
    asked[3]!.found();
    asked[0]!.found();
    await turn();
    asked[2]!.found();
    await turn();
    expect(idsOf(messages)).toEqual([[4, 1], [3]]);
    asked[1]!.found();
    await turn();
    expect(idsOf(messages)).toEqual([[4, 1], [3], [2]]);
  });

  it('cuts messages by bytes', async () => {
    const { send, asked, messages, turn } = openSession();
    send(get(1), get(2), get(3), get(4), get(5));
    const large = Buffer.alloc(600_000);
    for (const { found, key } of asked) found(key === 'k1' ? Buffer.alloc(1_048_576) : large);
    await turn();
    expect(idsOf(messages)).toEqual([[1], [2], [3], [4], [5]]);
    send(get(6), get(7));
    for (const { found } of asked.slice(5)) found(Buffer.alloc(500_000));
    await turn();
    expect(idsOf(messages).at(-1)).toEqual([6, 7]);
  });

  it('makes failures results: what a defect says stays in the log', async () => {
    const { send, asked, messages, logger, turn } = openSession();
    send(get(1), get(2), { id: 3, timeoutMs: 0 });
    asked[0]!.fail(new KvError('unavailable', 'one of two', { required: 2, received: 1 }));
    asked[1]!.fail(new TypeError('/a/path'));
    await turn();
    const results = new Map(messages.flat().map(({ id, error }) => [id, error]));
    expect(results.get(1)).toMatchObject({
      code: 'unavailable',
      message: 'one of two',
      required: 2,
      received: 1,
    });
    expect(results.get(2)).toMatchObject({ code: 'internal', message: expect.not.stringContaining('path') });
    expect(results.get(3)).toMatchObject({ code: 'invalid-argument', outcome: OutcomeMessage.NOT_APPLIED });
    expect(JSON.stringify(logger.entries.map(({ message }) => message))).toContain('internal reason');
  });

  it('answers a little before its client gives up, and never later than the node would', () => {
    const { send, asked } = openSession();
    send(get(1, 100), get(2), get(3, 60_000));
    expect(asked.map(({ options }) => options.timeoutMs)).toEqual([90, 1_000, 1_000]);
  });

  it('gives up what was cancelled, and all once it is closed; nothing is emitted then', async () => {
    const { session, send, asked, messages, turn } = openSession();
    send(get(1), get(2));
    session.receive({ operations: [], cancelled: [2, 99] });
    expect(asked.map(({ isAbandoned }) => isAbandoned)).toEqual([false, true]);
    asked[0]!.found();
    session.close();
    asked[1]!.fail(new KvError('timeout', 'given up'));
    await turn();
    expect(messages).toEqual([]);
    expect(session.underWay).toBe(0);
  });

  it('cannot go on with an id that is under way; one that was answered may come again', async () => {
    const { send, asked, turn } = openSession();
    send(get(1));
    expect(() => send(get(1))).toThrow(expect.objectContaining({ code: 'invalid-argument' }));
    asked[0]!.found();
    await turn();
    send(get(1));
    expect(asked).toHaveLength(2);
  });

  it('refuses what comes while it drains, and is drained once the rest is answered', async () => {
    const { session, send, asked, messages, turn } = openSession();
    send(get(1));
    let isDrained = false;
    // The client ends its stream while the node stops: both are told.
    void Promise.all([session.drained(), session.drained()]).then(() => (isDrained = true));
    send(get(2));
    await turn();
    expect(messages[0]).toMatchObject([
      { id: 2, error: { code: 'closed', outcome: OutcomeMessage.NOT_APPLIED } },
    ]);
    expect(isDrained).toBe(false);
    asked[0]!.found();
    await turn();
    expect(idsOf(messages)).toEqual([[2], [1]]);
    expect(isDrained).toBe(true);
  });
});
