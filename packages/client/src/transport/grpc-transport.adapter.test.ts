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
  kvErrorToTrailer,
  PreviousState,
  PutResponse,
  StatusResponse,
} from '@kv/proto';
import { type CallContext, createServer, type Server, ServerError, Status } from 'nice-grpc';

import { grpcTransport } from './grpc-transport.adapter.js';
import { KvClient } from '../index.js';

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

async function serve(methods: Partial<KVServiceImplementation>, port = 0): Promise<Served> {
  const unimplemented = (): never => {
    throw new ServerError(Status.UNIMPLEMENTED, 'not in this test');
  };
  const server = createServer();
  server.add(KVDefinition, {
    get: unimplemented,
    put: unimplemented,
    delete: unimplemented,
    ticket: unimplemented,
    scan: unimplemented,
    ...methods,
  });
  server.add(ClusterDefinition, {
    status: () => Promise.resolve(status),
    describe: () => Promise.resolve(DescribeResponse.fromPartial({ clusterId: 'c' })),
  });
  const bound = await server.listen(`127.0.0.1:${port}`);
  cleanups.push(() => server.forceShutdown());
  return { endpoint: `127.0.0.1:${bound}`, server };
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

const getRequest = GetRequest.fromPartial({ key: Buffer.from('k') });

describe('the gRPC transport', () => {
  it('carries requests, answers and the time that is left', async () => {
    let told: unknown;
    const { endpoint } = await serve({
      get: (request, { metadata }) => {
        told = [request.key.toString(), metadata.get('kv-timeout-ms')];
        return Promise.resolve(GetResponse.fromPartial({ found: true, value: Buffer.from('v') }));
      },
    });
    const answer = await connect(endpoint).get(getRequest, { signal: never(), timeoutMs: 249.5 });
    expect(answer.value.toString()).toBe('v');
    expect(told).toEqual(['k', '250']);
  });

  it('carries the facts of a failure in the trailer', async () => {
    const { endpoint } = await serve({
      get: (_, context) =>
        failWith(
          new KvError('unavailable', 'too few', { outcome: 'unknown', required: 2, received: 1 }),
          context,
        ),
    });
    await expect(connect(endpoint).get(getRequest, { signal: never() })).rejects.toMatchObject({
      name: 'KvError',
      code: 'unavailable',
      message: 'too few',
      outcome: 'unknown',
      required: 2,
      received: 1,
    });
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
    await expect(connect(endpoint).get(getRequest, { signal: never() })).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
    });
  });

  it('leaves the outcome open when the connection breaks under a call', async () => {
    const dying: { server?: Server } = {};
    const { endpoint, server } = await serve({
      get: () => {
        dying.server?.forceShutdown();
        return new Promise(() => undefined);
      },
    });
    dying.server = server;
    await expect(connect(endpoint).get(getRequest, { signal: never() })).rejects.toMatchObject({
      name: 'KvError',
      outcome: undefined,
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

  it('tells the server when a call is given up', async () => {
    let sawAbort: (() => void) | undefined;
    const serverSaw = new Promise<void>((resolve) => {
      sawAbort = resolve;
    });
    const controller = new AbortController();
    const { endpoint } = await serve({
      get: (_, { signal }) => {
        signal.addEventListener('abort', () => sawAbort?.());
        controller.abort();
        return new Promise(() => undefined);
      },
    });
    await expect(connect(endpoint).get(getRequest, { signal: controller.signal })).rejects.toMatchObject({
      name: 'KvError',
    });
    await serverSaw;
  });

  it('carries values of a mebibyte and larger answers', async () => {
    const entries = Array.from({ length: 6 }, (_, i) => ({
      key: Buffer.from(String(i)),
      value: Buffer.alloc(1024 * 1024, i),
      version: { timestamp: now, node: 1 },
    }));
    const { endpoint } = await serve({
      put: ({ value }) =>
        Promise.resolve(
          PutResponse.fromPartial({ previous: PreviousState.VALUE, previousValue: value, version: {} }),
        ),
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

describe('a client over gRPC', () => {
  it('fails over to a node that is up, and finds one again that restarted', async () => {
    const answering = (name: string): Partial<KVServiceImplementation> => ({
      get: () =>
        Promise.resolve(
          GetResponse.fromPartial({
            found: true,
            value: Buffer.from(name),
            version: { timestamp: now, node: 1 },
            serverTime: now,
          }),
        ),
    });
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
