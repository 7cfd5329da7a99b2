import { afterEach, describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import { timestampOf } from '@kv/hlc';
import {
  ClusterDefinition,
  ConsistencyLevel,
  DescribeResponse,
  errorTrailerKey,
  GetRequest,
  GetResponse,
  KVDefinition,
  type KVServiceImplementation,
  kvErrorToMessage,
  kvErrorToTrailer,
  type Operation,
  type OperationResult,
  PreviousState,
  PutResponse,
  type SessionRequest,
  type SessionResponse,
  StatusResponse,
} from '@kv/proto';
import { type CallContext, createServer, type Server, ServerError, Status } from 'nice-grpc';

import { grpcTransport } from './grpc-transport.adapter.js';
import { KvClient } from '../index.js';
import type { ClientConnection, Exchange } from './transport.js';

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const now = timestampOf(Date.UTC(2026, 0, 1));
const status = StatusResponse.fromPartial({ id: 'node1', serving: true, serverTime: now });

interface Served {
  readonly endpoint: string;
  readonly server: Server;
}

type Answer = (operation: Operation, session: ServedSession) => MaybePromise<Omit<OperationResult, 'id'>>;

interface ServedSession {
  readonly context: CallContext;
  readonly cancelled: () => Promise<void>;
}

type MaybePromise<T> = T | Promise<T>;

interface Methods {
  readonly answer?: Answer;
  readonly scan?: KVServiceImplementation['scan'];
}

async function serve({ answer, scan }: Methods, port = 0): Promise<Served> {
  const unimplemented = (): never => {
    throw new ServerError(Status.UNIMPLEMENTED, 'not in this test');
  };
  const server = createServer();
  server.add(KVDefinition, {
    get: unimplemented,
    put: unimplemented,
    delete: unimplemented,
    ticket: unimplemented,
    scan: scan ?? unimplemented,
    session: (requests, context) => serveSession(requests, context, answer ?? unimplemented),
  });
  server.add(ClusterDefinition, {
    status: () => Promise.resolve(status),
    describe: () => Promise.resolve(DescribeResponse.fromPartial({ clusterId: 'c' })),
  });
  const bound = await server.listen(`127.0.0.1:${port}`);
  cleanups.push(() => server.forceShutdown());
  return { endpoint: `127.0.0.1:${bound}`, server };
}

/** As simple as a session can be: one message for each result, when it comes. */
async function* serveSession(
  requests: AsyncIterable<SessionRequest>,
  context: CallContext,
  answer: Answer,
): AsyncGenerator<SessionResponse, void> {
  const results: OperationResult[] = [];
  const cancelled = new Map<number, () => void>();
  let wake = (): void => undefined;
  let failure: Error | undefined;
  const begin = async (operation: Operation): Promise<void> => {
    const { id } = operation;
    const told = new Promise<void>((resolve) => cancelled.set(id, resolve));
    try {
      results.push({ id, ...(await answer(operation, { context, cancelled: () => told })) });
    } catch (error) {
      if (error instanceof KvError) results.push({ id, error: kvErrorToMessage(error) });
      else failure = error as Error;
    }
    wake();
  };
  void (async () => {
    for await (const request of requests) {
      for (const id of request.cancelled) cancelled.get(id)?.();
      for (const operation of request.operations) void begin(operation);
    }
  })().catch(() => undefined);
  for (;;) {
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (results.length > 0) resolve();
    });
    if (failure !== undefined) throw failure;
    while (results.length > 0) yield { results: results.splice(0, 1) };
  }
}

function failWith(error: KvError, context: CallContext): never {
  context.trailer.set(errorTrailerKey, kvErrorToTrailer(error));
  throw new ServerError(Status.UNKNOWN, error.message);
}

function connect(endpoint: string) {
  const connection = grpcTransport().connect(endpoint);
  cleanups.push(() => connection.close());
  return connection;
}

function never(): AbortSignal {
  return new AbortController().signal;
}

const get = (key = 'k', timeoutMs = 0): Operation => ({
  id: 0,
  timeoutMs,
  get: GetRequest.fromPartial({ key: Buffer.from(key) }),
});

/** What becomes of a batch: results by place, and the failure of the rest. */
function exchanged(connection: ClientConnection, operations: readonly Operation[]) {
  const results = new Map<number, OperationResult>();
  let exchange: Exchange | undefined;
  const done = new Promise<Map<number, OperationResult>>((resolve, reject) => {
    exchange = connection.exchange(operations, {
      onResult: (index, result) => results.set(index, result),
      onResultsEnd: () => {
        if (results.size === operations.length) resolve(results);
      },
      onFailure: reject,
    });
  });
  done.catch(() => undefined);
  return { done, results, exchange: exchange! };
}

const found = (value: string): Omit<OperationResult, 'id'> => ({
  get: GetResponse.fromPartial({ found: true, value: Buffer.from(value) }),
});

describe('the gRPC transport', () => {
  it('carries operations, results and the time that is left', async () => {
    const told: unknown[] = [];
    const { endpoint } = await serve({
      answer: ({ get: asked, timeoutMs }) => {
        told.push([asked!.key.toString(), timeoutMs]);
        return found('v');
      },
    });
    const results = await exchanged(connect(endpoint), [get('k', 250)]).done;
    expect(results.get(0)!.get!.value.toString()).toBe('v');
    expect(told).toEqual([['k', 250]]);
  });

  it('gives each operation its own result, in whatever order they come, over one stream', async () => {
    const sessions = new Set<unknown>();
    const { endpoint } = await serve({
      answer: async ({ get: asked }, { context }) => {
        sessions.add(context);
        const text = asked!.key.toString();
        await new Promise((resolve) => setTimeout(resolve, text.includes('1') ? 20 : 0));
        if (text.includes('2')) throw new KvError('disk-full', text, { outcome: 'not-applied' });
        return found(text);
      },
    });
    const connection = connect(endpoint);
    const batches = ['a', 'b', 'c'].map((name) =>
      exchanged(connection, [get(`${name}0`), get(`${name}1`), get(`${name}2`)]),
    );
    for (const [index, { done }] of batches.entries()) {
      const results = await done;
      const name = 'abc'[index]!;
      expect([0, 1].map((at) => results.get(at)!.get!.value.toString())).toEqual([`${name}0`, `${name}1`]);
      expect(results.get(2)!.error).toMatchObject({ code: 'disk-full', message: `${name}2` });
    }
    expect(sessions.size).toBe(1);
  });

  it('carries the facts of a failure that ends a stream', async () => {
    const { endpoint } = await serve({
      async *scan(_, context) {
        await Promise.resolve();
        yield { next: Buffer.from('a') };
        failWith(new KvError('corrupt', 'partition 3 is damaged'), context);
      },
    });
    const request = {
      prefix: Buffer.alloc(0),
      after: Buffer.alloc(0),
      limit: 0,
      consistency: ConsistencyLevel.QUORUM,
    };
    const answers = connect(endpoint).scan(request, { signal: never() })[Symbol.asyncIterator]();
    expect((await answers.next()).value).toMatchObject({ next: Buffer.from('a') });
    await expect(answers.next()).rejects.toMatchObject({
      code: 'corrupt',
      message: 'partition 3 is damaged',
    });
  });

  it('is certain that nothing was sent where no connection could be made', async () => {
    const { endpoint, server } = await serve({});
    await server.shutdown();
    await expect(exchanged(connect(endpoint), [get()]).done).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
    });
  });

  it('cannot tell what became of operations when the connection breaks under them, and connects again', async () => {
    const dying: { server?: Server } = {};
    const { endpoint, server } = await serve({
      answer: ({ get: asked }) => {
        if (asked!.key.toString() === 'quick') return found('v');
        dying.server?.forceShutdown();
        return new Promise(() => undefined);
      },
    });
    dying.server = server;
    const connection = connect(endpoint);
    await exchanged(connection, [get('quick')]).done;
    const { done } = exchanged(connection, [get('slow'), get('slow')]);
    await expect(done).rejects.toMatchObject({ name: 'KvError', outcome: 'unknown' });
    await serve({ answer: () => found('again') }, Number(endpoint.split(':')[1]));
    for (let tries = 0; tries < 100; tries += 1) {
      const results = await exchanged(connection, [get()]).done.catch(() => undefined);
      if (results?.get(0)!.get!.value.toString() === 'again') return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error('it never connected again');
  });

  it('is answered what is under way on a connection that the node leaves, and sends nothing more on it', async () => {
    let answer = (): void => undefined;
    let came = (): void => undefined;
    const hasCome = new Promise<void>((resolve) => (came = resolve));
    const { endpoint, server } = await serve({
      answer: ({ get: asked }) => {
        if (asked!.key.toString() !== 'slow') return found('v');
        came();
        return new Promise((resolve) => {
          answer = () => resolve(found('late'));
        });
      },
    });
    const connection = connect(endpoint);
    const { done } = exchanged(connection, [get('slow')]);
    await hasCome;
    void server.shutdown();
    const refused = { code: 'unavailable', outcome: 'not-applied' };
    let later: unknown;
    // The word that it leaves is on its way.
    while (later === undefined) later = await exchanged(connection, [get()]).done.then(() => undefined, asIs);
    expect(later).toMatchObject(refused);
    answer();
    expect((await done).get(0)!.get!.value.toString()).toBe('late');
  });

  it('opens no stream again at once that a node ended before it answered anything', async () => {
    let streams = 0;
    const { endpoint } = await serve({
      answer: () => {
        streams += 1;
        throw new ServerError(Status.INTERNAL, 'broken');
      },
    });
    const connection = connect(endpoint);
    await expect(exchanged(connection, [get()]).done).rejects.toMatchObject({ outcome: 'unknown' });
    await expect(exchanged(connection, [get()]).done).rejects.toMatchObject({ outcome: 'not-applied' });
    expect(streams).toBe(1);
  });

  it('says that nothing was done where the node knows no sessions', async () => {
    const server = createServer();
    server.add(ClusterDefinition, {
      status: () => Promise.resolve(status),
      describe: () => Promise.resolve({}),
    });
    const port = await server.listen('127.0.0.1:0');
    cleanups.push(() => server.forceShutdown());
    await expect(exchanged(connect(`127.0.0.1:${port}`), [get()]).done).rejects.toMatchObject({
      code: 'unimplemented',
      outcome: 'not-applied',
    });
  });

  it('tells a call on a closed connection as closed, with nothing sent', async () => {
    const { endpoint } = await serve({});
    const connection = connect(endpoint);
    await connection.status({}, { signal: never() });
    connection.close();
    await expect(connection.status({}, { signal: never() })).rejects.toMatchObject({
      code: 'closed',
      outcome: 'not-applied',
    });
  });

  it('tells a batch on a closed connection as closed, with nothing sent', async () => {
    const { endpoint } = await serve({});
    const connection = connect(endpoint);
    connection.close();
    await expect(exchanged(connection, [get()]).done).rejects.toMatchObject({
      code: 'closed',
      outcome: 'not-applied',
    });
  });

  it('tells the server when an operation is given up, and reports no result of it', async () => {
    let came = (): void => undefined;
    let gone = (): void => undefined;
    const hasCome = new Promise<void>((resolve) => (came = resolve));
    const isTold = new Promise<void>((resolve) => (gone = resolve));
    const { endpoint } = await serve({
      answer: async ({ get: asked }, { cancelled }) => {
        if (asked!.key.toString() === 'given up') {
          came();
          await cancelled();
          gone();
        }
        return found('v');
      },
    });
    const connection = connect(endpoint);
    const { exchange, results } = exchanged(connection, [get(), get('given up')]);
    await hasCome;
    exchange.cancel(1);
    exchange.cancel(1);
    await isTold;
    await exchanged(connection, [get()]).done;
    expect([...results.keys()]).toEqual([0]);
  });

  it('does not send what was given up before the connection was made', async () => {
    const asked: string[] = [];
    const { endpoint } = await serve({
      answer: (operation) => {
        asked.push(operation.get!.key.toString());
        return found('v');
      },
    });
    const connection = connect(endpoint);
    const { exchange } = exchanged(connection, [get('a'), get('b')]);
    exchange.cancel(0);
    await exchanged(connection, [get('c')]).done;
    expect(asked).toEqual(['b', 'c']);
  });

  it('carries values of a mebibyte and larger answers', async () => {
    const entries = Array.from({ length: 6 }, (_, i) => ({
      key: Buffer.from(String(i)),
      value: Buffer.alloc(1024 * 1024, i),
      version: { timestamp: now, node: 1 },
    }));
    const { endpoint } = await serve({
      answer: ({ put }) => ({
        put: PutResponse.fromPartial({
          previous: PreviousState.VALUE,
          previousValue: put!.value,
          version: {},
        }),
      }),
      async *scan() {
        await Promise.resolve();
        yield { entries };
      },
    });
    const client = new KvClient([endpoint], { valueEncoding: 'binary' });
    cleanups.push(() => client.close());
    const value = new Uint8Array(1024 * 1024).fill(7);
    const { previous } = await client.put('k', value);
    expect(Buffer.compare(previous as Uint8Array, value)).toBe(0);
    const found = [];
    for await (const { key } of client.scan()) found.push(key);
    expect(found).toHaveLength(6);
  });
});

function asIs(error: unknown): unknown {
  return error;
}

describe('a client over gRPC', () => {
  it('fails over to a node that is up, and finds one again that restarted', async () => {
    const answering = (name: string): Methods => ({ answer: () => found(name) });
    const first = await serve(answering('first'));
    const second = await serve(answering('second'));
    const client = new KvClient([first.endpoint, second.endpoint]);
    cleanups.push(() => client.close());
    await client.ready();
    const before = await client.get('k');
    const [stopped, other] = before === 'first' ? [first, second] : [second, first];
    stopped.server.forceShutdown();
    expect(await client.get('k')).toBe(before === 'first' ? 'second' : 'first');

    other.server.forceShutdown();
    await expect(client.get('k')).rejects.toMatchObject({ code: 'unavailable' });
    await serve(answering('again'), Number(stopped.endpoint.split(':')[1]));
    await client.ready();
    expect(await client.get('k')).toBe('again');
  });
});
