import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import {
  ConsistencyLevel,
  DeleteRequest,
  GetRequest,
  type Operation,
  type OperationResult,
  OutcomeMessage,
  PreviousState,
  PutRequest,
  ReplicaWriteRequest,
  SessionRequest,
  SessionResponse,
} from '@kv/proto';
import { timestampOf, type Version } from '@kv/hlc';
import type {
  Caller,
  CallOptions,
  Coordinator,
  GetRequest as CoordinatedGet,
  GetResult,
  RunningOperation,
} from '@kv/replication';
import { encodeRecord, readRecord } from '@kv/storage';
import { createManualClock, createManualTimers, createRecordingLogger } from '@kv/testing';

import { createAdmission } from '../admission/admission.js';
import { requestOverheadBytes } from '../limits.js';
import { createSessionService } from './session-service.js';

interface Asked {
  readonly key: string;
  readonly options: CallOptions;
  isAbandoned: boolean;
  readonly found: (value?: Buffer) => void;
  readonly fail: (error: unknown) => void;
  readonly failWhenAbandoned: () => void;
}

interface Submitted {
  readonly request: { readonly key: Uint8Array };
  readonly caller: Caller<unknown>;
}

function openSession({ admittedBytesMax = 2 ** 20 } = {}) {
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
      failWhenAbandoned: () => void (failsWhenAbandoned = true),
    };
    let failsWhenAbandoned = false;
    const abandon = (): void => {
      one.isAbandoned = true;
      if (failsWhenAbandoned) one.fail(new KvError('timeout', 'abandoned'));
    };
    asked.push(one);
    return { abandon };
  };
  const submitted: Submitted[] = [];
  /** What the coordinator has to give. */
  const reserved: Version[] = [];
  const submit = (request: Submitted['request'], _: CallOptions, caller: Caller<unknown>) => {
    submitted.push({ request, caller });
    return { abandon: () => undefined };
  };
  const coordinator = {
    submit: {
      ...{ get, put: submit, delete: submit, ticket: submit, replicaRead: submit, replicaWrite: submit },
      reserve: () => reserved.shift(),
    },
  } as unknown as Coordinator;
  const admission = createAdmission({ bytesMax: admittedBytesMax, delayMsMax: 1, retryAfterMs: 30 }, {});
  const ports = { coordinator, admission, timers, logger };
  const session = createSessionService(
    { requestTimeoutMs: 1_000 },
    ports,
  )({ emit: (message) => messages.push(SessionResponse.decode(message).results) });
  const send = (...operations: Operation[]): void => session.receive(encoded({ operations, cancelled: [] }));
  return { session, send, asked, submitted, reserved, messages, logger, turn: () => timers.advanceAsync(0) };
}

const get = (id: number, timeoutMs = 0): Operation => ({
  id,
  timeoutMs,
  get: GetRequest.fromPartial({ key: Buffer.from(`k${id}`) }),
});

const encoded = (request: SessionRequest): Uint8Array => SessionRequest.encode(request).finish();

const idsOf = (messages: readonly (readonly OperationResult[])[]): number[][] =>
  messages.map((results) => results.map(({ id }) => id));

describe('a session', () => {
  it('answers at once when nothing else is under way', async () => {
    const { send, asked, messages } = openSession();
    send(get(1), get(2));
    asked[0]!.found();
    await Promise.resolve();
    expect(messages).toEqual([]);
    asked[1]!.found();
    expect(messages).toEqual([]);
    await Promise.resolve();
    expect(idsOf(messages)).toEqual([[1, 2]]);
  });

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
    session.receive(encoded({ operations: [], cancelled: [2, 99] }));
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

  it('hands each request over with all that it says, and each result back', async () => {
    const { send, submitted, messages, turn } = openSession();
    const key = Buffer.from('k');
    const operationId = Buffer.alloc(16, 7);
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- what a newer client may send
    const noLevel = 9 as ConsistencyLevel;
    const bounded = { stampAbove: 5, stampNotAfter: 2 ** 40 };
    const write = { key, operationId, ...bounded, ticket: undefined, reserve: false };
    send(
      {
        id: 1,
        timeoutMs: 0,
        put: {
          ...write,
          value: Buffer.from('v'),
          ttlMs: 60_000,
          consistency: ConsistencyLevel.ALL,
          omitPrevious: false,
        },
      },
      {
        id: 2,
        timeoutMs: 0,
        delete: { ...write, consistency: ConsistencyLevel.LINEARIZABLE, omitPrevious: true },
      },
      { id: 3, timeoutMs: 0, ticket: { key, stampAbove: 5, stampNotAfter: 2 ** 40 } },
      { id: 4, timeoutMs: 0, get: GetRequest.fromPartial({ key, consistency: noLevel }) },
    );
    const bounds = { stampAbove: 5, stampNotAfter: 2 ** 40 };
    expect(submitted.map(({ request }) => request)).toMatchObject([
      { ...bounds, ttlMs: 60_000, consistency: 'all', wantPrevious: true, ticket: undefined },
      { ...bounds, consistency: 'linearizable', wantPrevious: false, ticket: undefined },
      bounds,
    ]);
    expect(submitted.map(({ request }) => Buffer.from(request.key).toString())).toEqual(['k', 'k', 'k']);
    const version = { timestamp: timestampOf(2 ** 41), node: 1 };
    const serverTime = timestampOf(2 ** 41 + 1);
    const previous = { kind: 'value', value: Buffer.from('w') };
    const [put, remove, ticket] = submitted.map(({ caller }) => caller);
    put!.resolve({ version, serverTime, previous });
    remove!.resolve({ version, serverTime, previous: { kind: 'not-asked' } });
    ticket!.resolve({ ticket: version, serverTime });
    await turn();
    expect(messages.flat()).toMatchObject([
      { id: 4, error: { code: 'invalid-argument', outcome: OutcomeMessage.NOT_APPLIED } },
      { id: 1, put: { version, serverTime, previous: PreviousState.VALUE, previousValue: Buffer.from('w') } },
      { id: 2, delete: { version, serverTime, previous: PreviousState.UNSPECIFIED } },
      { id: 3, ticket: { ticket: version, serverTime } },
    ]);
  });

  it('reserves a version for whoever wants one, once the write is done', async () => {
    const { send, submitted, reserved, messages, turn } = openSession();
    const key = Buffer.from('k');
    const wanting = { key, reserve: true };
    send(
      { id: 1, timeoutMs: 0, put: PutRequest.fromPartial({ ...wanting, value: key }) },
      { id: 2, timeoutMs: 0, delete: DeleteRequest.fromPartial(wanting) },
      { id: 3, timeoutMs: 0, put: PutRequest.fromPartial({ key, value: key }) },
      { id: 4, timeoutMs: 0, put: PutRequest.fromPartial(wanting) },
    );
    const serverTime = timestampOf(2 ** 41);
    const version = { timestamp: serverTime, node: 1 };
    reserved.push({ ...version, node: 2 }, { ...version, node: 3 });
    for (const { caller } of submitted) caller.resolve({ version, serverTime, previous: { kind: 'none' } });
    await turn();
    const results = messages.flat().map((result) => result.put ?? result.delete);
    expect(results.map((result) => result?.reserved?.node)).toEqual([2, 3, undefined, undefined]);
  });

  it('hands over what one copy shall store, and tells what it did', async () => {
    const { send, submitted, messages, turn } = openSession();
    const serverTime = timestampOf(2 ** 41);
    const version = { timestamp: serverTime, node: 1 };
    const key = Buffer.from('k');
    const write = { key, version, operationId: Buffer.alloc(16, 7) };
    const requests = [
      { ...write, value: Buffer.from('v'), leads: true, twin: 3 },
      { ...write, tombstone: true, omitPrevious: true },
      { key, value: Buffer.from('v') },
    ];
    for (const [id, request] of requests.entries()) {
      send({ id, timeoutMs: 0, replicaWrite: ReplicaWriteRequest.fromPartial(request) });
    }
    expect(submitted.map(({ request }) => request)).toMatchObject([
      { ...write, value: Buffer.from('v'), wantPrevious: true, leads: true, twin: 3 },
      { ...write, value: undefined, wantPrevious: false, leads: false, twin: 0 },
      // Which is refused.
      { version: { timestamp: 0, node: 0 } },
    ]);
    const told = { member: 1, serverTime, incarnations: [], reserved: undefined };
    const incarnations = [{ member: 2, incarnation: 3 }];
    const previous = { kind: 'value', value: Buffer.from('w') };
    submitted[0]!.caller.resolve({ ...told, stored: true, previous, previousVersion: version });
    submitted[1]!.caller.resolve({
      ...{ ...told, stored: false, previous: { kind: 'not-asked' }, previousVersion: undefined },
      ...{ incarnations, reserved: version },
    });
    await turn();
    expect(messages.flat().map(({ replicaWrite }) => replicaWrite)).toEqual([
      {
        ...{ ...told, stored: true, previous: PreviousState.VALUE },
        ...{ previousValue: Buffer.from('w'), previousVersion: version },
      },
      {
        ...{ ...told, stored: false, previous: PreviousState.UNSPECIFIED, previousValue: Buffer.alloc(0) },
        ...{ previousVersion: undefined, incarnations, reserved: version },
      },
    ]);
  });

  it('tells what one copy holds, with its value or without', async () => {
    const { send, submitted, messages, turn } = openSession();
    const key = Buffer.from('k');
    for (const [id, omitValue] of [false, true, false, false].entries()) {
      send({ id, timeoutMs: 0, replicaRead: { key, omitValue } });
    }
    const serverTime = timestampOf(2 ** 41);
    const version = { timestamp: serverTime, node: 1 };
    const incarnations = [{ member: 2, incarnation: 3 }];
    const told = { identity: Buffer.from('id'), member: 1, incarnations: [], serverTime };
    const value = { key, value: Buffer.from('v'), version, expiresAtMs: 2 ** 42 };
    const tombstone = { key, value: Buffer.alloc(0), version, tombstone: true };
    const records = [value, value, tombstone].map((record) => readRecord(encodeRecord(record)));
    for (const [index, record] of records.entries()) submitted[index]!.caller.resolve({ ...told, record });
    submitted[3]!.caller.resolve({ ...told, record: undefined, identity: undefined, incarnations });
    await turn();
    const head = { identity: Buffer.from('id'), member: 1, incarnations: [], serverTime, tombstone: false };
    const nothing = { value: Buffer.alloc(0), version: undefined };
    expect(messages.flat().map(({ replicaRead }) => replicaRead)).toEqual([
      { ...head, value: Buffer.from('v'), version, expiresAtMs: 2 ** 42 },
      { ...head, ...nothing, expiresAtMs: 2 ** 42 },
      { ...head, ...nothing, version, expiresAtMs: 0, tombstone: true },
      { ...head, ...nothing, expiresAtMs: 0, identity: Buffer.alloc(0), incarnations },
    ]);
  });

  it('begins nothing of a message that is damaged', () => {
    const { session, asked } = openSession();
    const message = encoded({ operations: [get(1), get(2)], cancelled: [] });
    expect(() => session.receive(message.subarray(0, message.length - 1))).toThrow(
      expect.objectContaining({ code: 'invalid-argument' }),
    );
    expect(asked).toEqual([]);
  });

  it('makes room for an id that is cancelled in the message that uses it again', async () => {
    const { session, send, asked, messages, turn } = openSession();
    send(get(1));
    asked[0]!.failWhenAbandoned();
    session.receive(encoded({ operations: [get(1)], cancelled: [1] }));
    asked[1]!.found();
    await turn();
    expect(messages.flat().map(({ id, get }) => [id, get?.found])).toEqual([
      [1, undefined],
      [1, true],
    ]);
  });

  it('refuses single operations while too much is under way, and gives back once what each took', async () => {
    const { session, send, asked, messages, turn } = openSession({
      admittedBytesMax: 2 * (requestOverheadBytes + 2),
    });
    const refused = async (): Promise<number[]> => {
      await turn();
      const results = messages.splice(0).flat();
      return results.filter(({ error }) => error?.code === 'overloaded').map(({ id }) => id);
    };
    send(get(1), get(2), get(3));
    expect(await refused()).toEqual([3]);
    // Given back when it is abandoned, and not once more when it is answered.
    session.receive(encoded({ operations: [], cancelled: [1] }));
    asked[0]!.fail(new KvError('timeout', 'given up'));
    send(get(4), get(5));
    expect(await refused()).toEqual([5]);
    asked[1]!.found();
    asked[2]!.fail(new KvError('timeout', 'too late'));
    send(get(6), get(7), get(8));
    expect(await refused()).toEqual([8]);
    session.close();
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
