import { connect as connectTcp } from 'node:net';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConsistencyLevel, KVDefinition, PreviousState } from '@kv/proto';
import { type Channel, createClient, Metadata, Status } from 'nice-grpc';
import { HealthDefinition } from 'nice-grpc-server-health';

import { requestBytesMax } from '../src/limits.js';
import { serviceNames } from '../src/grpc/reflection.js';
import { channelTo, clientsOf, failureOf, type GrpcNode, peerOf, startGrpcNode } from './grpc-node.js';

const bytes = (text: string) => Buffer.from(text);

let started: GrpcNode;
let channel: Channel;

beforeEach(async () => {
  started = await startGrpcNode();
  channel = channelTo(started.node);
});

afterEach(async () => {
  channel.close();
  await started.node.stop({ drainMs: 0 });
});

describe('a node answers gRPC', () => {
  it('puts, gets, deletes and scans', async () => {
    const { kv } = clientsOf(channel);
    expect(await kv.put({ key: bytes('k'), value: bytes('1') })).toMatchObject({
      previous: PreviousState.NONE,
    });
    const second = await kv.put({ key: bytes('k'), value: bytes('2') });
    expect(second).toMatchObject({ previous: PreviousState.VALUE, previousValue: bytes('1') });
    expect(await kv.get({ key: bytes('k') })).toMatchObject({
      found: true,
      value: bytes('2'),
      version: second.version,
    });
    const pages = [];
    for await (const page of kv.scan({ prefix: bytes('k') })) pages.push(page);
    expect(pages.flatMap(({ entries }) => entries.map(({ key }) => String(key)))).toEqual(['k']);
    expect(pages.at(-1)?.next).toHaveLength(0);
    const deleted = await kv.delete({ key: bytes('k'), omitPrevious: true });
    expect(deleted.previous).toBe(PreviousState.UNSPECIFIED);
    expect(await kv.get({ key: bytes('k') })).toMatchObject({ found: false, version: deleted.version });
  });

  it('describes the cluster and itself', async () => {
    const { kv, cluster } = clientsOf(channel);
    await kv.put({ key: bytes('k'), value: bytes('1') });
    const { clusterId, members, partitions, keyHash, replicationFactor } = await cluster.describe({});
    expect(clusterId).toBe(started.node.clusterId);
    expect(members).toMatchObject([{ id: 'node1', number: 1, address: started.node.address }]);
    expect(partitions).toEqual(Array.from({ length: 16 }, () => ({ members: [1] })));
    expect(keyHash).toEqual({ algorithm: 'xxh32', seed: 0, shift: 28 });
    expect(replicationFactor).toBe(1);
    expect(await cluster.status({})).toMatchObject({
      id: 'node1',
      serving: true,
      keys: 1,
      durability: 'always',
    });
  });

  it.each([
    ['an empty key', { key: bytes(''), value: bytes('') }, 'at least 1 byte'],
    ['a key above 1 KiB', { key: Buffer.alloc(1_025), value: bytes('') }, '1024'],
    ['a value above 1 MiB', { key: bytes('k'), value: Buffer.alloc(1_048_577) }, '1048576'],
    ['a request above 2 MiB', { key: bytes('k'), value: Buffer.alloc(3_000_000) }, '2097152'],
    ['a negative time to live', { key: bytes('k'), value: bytes(''), ttlMs: -1 }, 'time to live'],
    ['an unknown level', { key: bytes('k'), value: bytes(''), consistency: 9 }, 'no level 9'],
    ['a ticket nobody issued', { key: bytes('k'), value: bytes(''), ticket: { timestamp: 2 ** 53 } }, ''],
  ])('refuses %s with status and trailer', async (_, request, sentence) => {
    const { kv } = clientsOf(channel);
    const failure = await failureOf((options) => kv.put(request, options));
    expect(failure).toMatchObject({
      status: Status.INVALID_ARGUMENT,
      hasTrailer: true,
      error: { code: 'invalid-argument', message: expect.stringContaining(sentence) },
    });
  });

  it('takes the largest key and value', async () => {
    const { kv } = clientsOf(channel);
    const request = { key: Buffer.alloc(1_024, 'k'), value: Buffer.alloc(1_048_576, 'v') };
    await kv.put(request);
    expect((await kv.get({ key: request.key })).value.equals(request.value)).toBe(true);
  });

  it('stores with a ticket as often as it is asked to, at level LINEARIZABLE', async () => {
    const { kv } = clientsOf(channel);
    const request = { key: bytes('register'), consistency: ConsistencyLevel.LINEARIZABLE };
    const { ticket } = await kv.ticket(request);
    const put = { ...request, value: bytes('v'), ticket };
    expect((await kv.put(put)).version).toEqual(ticket);
    expect(await kv.put(put)).toMatchObject({ version: ticket, previous: PreviousState.UNKNOWN });
    expect((await kv.get(request)).value).toEqual(bytes('v'));
    const other = { ...put, consistency: ConsistencyLevel.QUORUM };
    expect(await failureOf((options) => kv.put(other, options))).toMatchObject({
      status: Status.INVALID_ARGUMENT,
    });
  });

  it('answers a message beyond the limit of the transport with INVALID_ARGUMENT and the trailer', async () => {
    const { kv } = clientsOf(channel);
    const value = Buffer.alloc(requestBytesMax + 1);
    expect(await failureOf((options) => kv.put({ key: bytes('k'), value }, options))).toMatchObject({
      status: Status.INVALID_ARGUMENT,
      hasTrailer: true,
      error: { code: 'invalid-argument', outcome: 'not-applied', message: expect.stringContaining('larger') },
    });
  });

  it('refuses a deadline that is no number', async () => {
    const { kv } = clientsOf(channel);
    const metadata = Metadata({ 'kv-timeout-ms': 'soon' });
    expect(await failureOf((options) => kv.get({ key: bytes('k') }, { ...options, metadata }))).toMatchObject(
      {
        status: Status.INVALID_ARGUMENT,
        error: { message: expect.stringContaining('kv-timeout-ms') },
      },
    );
  });

  it('answers a request that cannot be decoded with INVALID_ARGUMENT and the trailer', async () => {
    const { get, scan } = KVDefinition.methods;
    const garbage = { encode: () => ({ finish: () => Buffer.from([0x0a, 0xff, 0xff]) }), decode: () => ({}) };
    const methods = { get: { ...get, requestType: garbage }, scan: { ...scan, requestType: garbage } };
    const kv = createClient({ ...KVDefinition, methods }, channel);
    const unary = await failureOf((options) => kv.get({}, options));
    const stream = await failureOf(async (options) => {
      for await (const page of kv.scan({}, options)) throw new Error(JSON.stringify(page));
    });
    for (const failure of [unary, stream]) {
      expect(failure).toMatchObject({
        status: Status.INVALID_ARGUMENT,
        hasTrailer: true,
        error: {
          code: 'invalid-argument',
          outcome: 'not-applied',
          message: expect.stringContaining('cannot be decoded'),
        },
      });
    }
  });

  it('refuses messages of another cluster before it looks at them', async () => {
    const peer = peerOf(started.node);
    const facts = { epoch: 1, from: 65_537, hlcTime: 1, wallTimeMs: 0, deadlineMs: 100 };
    const header = { clusterId: Buffer.alloc(16, 1), ...facts };
    const none = Buffer.alloc(0);
    for (const call of [
      peer.write(
        { header, records: bytes('garbage'), wantPrevious: none, expected: none },
        { timeoutMs: 1_000 },
      ),
      peer.read({ header, keys: bytes('garbage'), wantValue: none }, { timeoutMs: 1_000 }),
      peer.ping({ header, directory: undefined }, { timeoutMs: 1_000 }),
    ]) {
      await expect(call).rejects.toMatchObject({ code: 'wrong-epoch', outcome: 'not-applied' });
    }
    const headless = { header: undefined, directory: undefined };
    await expect(peer.ping(headless, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    peer.close();
  });

  it('refuses a damaged message of its own cluster whole', async () => {
    const peer = peerOf(started.node);
    const clusterId = Buffer.from(started.node.clusterId, 'hex');
    const header = { clusterId, epoch: 1, from: 65_537, hlcTime: 1, wallTimeMs: 0, deadlineMs: 100 };
    const request = {
      header,
      records: bytes('garbage'),
      wantPrevious: Buffer.alloc(0),
      expected: Buffer.alloc(0),
    };
    await expect(peer.write(request, { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'corrupt',
      outcome: 'not-applied',
    });
    peer.close();
  });
});

describe('garbage on the port', () => {
  it.each([
    ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['random bytes', Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 197 + 31) & 255))],
    ['the HTTP/2 preface, then nonsense', Buffer.from(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'x'.repeat(300)}`)],
    ['nothing', Buffer.alloc(0)],
  ])('of %s closes that connection and harms no other', async (_, garbage) => {
    const { kv } = clientsOf(channel);
    await kv.put({ key: bytes('k'), value: bytes('v') });
    await sendRaw(started.node.port, garbage);
    expect(await kv.get({ key: bytes('k') })).toMatchObject({ found: true });
    const other = channelTo(started.node);
    expect(await clientsOf(other).kv.get({ key: bytes('k') })).toMatchObject({ found: true });
    other.close();
  });
});

describe('the standard services', () => {
  it('tell the health of every service, and NOT_FOUND for others', async () => {
    const health = createClient(HealthDefinition, channel);
    for (const service of ['', ...serviceNames])
      expect(await health.check({ service })).toMatchObject({ status: 1 });
    const failure = await failureOf((options) => health.check({ service: 'kv.v1.None' }, options));
    expect(failure.status).toBe(Status.NOT_FOUND);
  });

  it('let tools find the services, and what their messages look like', async () => {
    const raw = { path: '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', options: {} } as const;
    const asIs = (message: Uint8Array) => message;
    const serverReflectionInfo = {
      ...raw,
      ...({ requestStream: true, responseStream: true } as const),
      ...{
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      },
    };
    const reflection = createClient({ serverReflectionInfo }, channel);
    const ask = async (field: number, text: string): Promise<string> => {
      const request = Buffer.concat([Buffer.from([(field << 3) | 2, text.length]), Buffer.from(text)]);
      for await (const answer of reflection.serverReflectionInfo(oneRequest(request))) {
        return Buffer.from(answer).toString('latin1');
      }
      throw new Error('no answer');
    };
    const listServices = 7;
    const fileContainingSymbol = 4;
    const services = await ask(listServices, '*');
    for (const name of serviceNames) expect(services).toContain(name);
    expect(await ask(fileContainingSymbol, 'kv.v1.KV')).toContain('kv/v1/kv.proto');
    expect(await ask(fileContainingSymbol, 'kv.v1.None')).toContain('not found');
  });

  it('tell a watcher that the node stops, and do not hold it up', async () => {
    const health = createClient(HealthDefinition, channel);
    const told: number[] = [];
    const watching = (async () => {
      for await (const { status } of health.watch({ service: '' })) {
        told.push(status);
        if (told.length === 1) void started.node.stop({ drainMs: 100 });
      }
    })();
    await watching.catch(() => undefined); // Cut off in the end.
    expect(told).toEqual([1, 2]);
  });
});

async function* oneRequest(request: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(request);
}

/** Sends the bytes and resolves once the server closed the connection, or we did after a while without an answer. */
function sendRaw(port: number, garbage: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => socket.end(garbage));
    socket.setTimeout(500, () => socket.destroy());
    socket.on('data', () => undefined).on('error', () => undefined);
    socket.on('close', () => resolve());
  });
}
