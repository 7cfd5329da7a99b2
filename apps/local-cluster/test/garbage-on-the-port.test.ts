import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';

import { beforeAll, describe, expect, it } from '@jest/globals';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { LinkRequest, LinkResponse, WriteRequest } from '@kv/proto/internal';

import type { LocalCluster } from '../src/index.js';
import { range } from './in-flight.js';
import { createStage } from './stage.js';

const stage = createStage();
const { Promise } = globalThis;
const invalidArgument = 3;

let cluster: LocalCluster;
let pids: readonly (number | undefined)[];

beforeAll(async () => {
  cluster = await stage.cluster();
  pids = cluster.nodes.map(({ pid }) => pid);
});

/** Sends the bytes and resolves when the node closes the connection. */
function closedAfter(bytes: Uint8Array): Promise<'closed'> {
  const { port } = cluster.nodes[0]!;
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(bytes));
    socket.resume(); // A GOAWAY frame may come before the end.
    socket.on('error', () => undefined);
    socket.on('close', () => resolve('closed'));
    socket.on('end', () => socket.end());
  });
}

/** The stream on which nodes speak to each other. */
function openLink() {
  const client = new Client(cluster.endpoints[0]!, credentials.createInsecure());
  stage.atEnd(() => client.close());
  const pass = (bytes: Buffer): Buffer => bytes;
  return client.makeBidiStreamRequest('/kv.internal.v1.Replica/Link', pass, pass);
}

const http2Preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** A data frame of one byte on stream 0, where the protocol allows none. */
const forbiddenFrame = Buffer.from([0, 0, 1, 0, 0, 0, 0, 0, 0, 7]);

describe('bad input: garbage bytes on the gRPC port', () => {
  it.each([
    ['random bytes', () => randomBytes(4_096)],
    ['a request of another protocol', () => Buffer.from('GET / HTTP/1.1\r\nHost: kv\r\n\r\n')],
    ['zeros', () => Buffer.alloc(4_096)],
    [
      'an HTTP/2 greeting, then a frame that breaks its rules',
      () => Buffer.concat([http2Preface, forbiddenFrame]),
    ],
    ['an HTTP/2 greeting, then random bytes', () => Buffer.concat([http2Preface, randomBytes(4_096)])],
  ])('%s: that connection is closed, others go on', async (_, bytes) => {
    // Through the very node that gets the garbage, on a connection that is open all the while.
    const client = stage.client([cluster.endpoints[0]!]);
    await client.put('before', 'value');
    const garbage = Promise.all(range(5).map(() => closedAfter(bytes())));
    for (const i of range(20)) expect((await client.put('during', String(i))).version).toBeDefined();
    expect(await garbage).toEqual(range(5).map(() => 'closed'));
    expect(await client.get('before')).toBe('value');
  });

  it('a request that cannot be decoded is answered as an invalid argument', async () => {
    const client = new Client(cluster.endpoints[0]!, credentials.createInsecure());
    stage.atEnd(() => client.close());
    const pass = (bytes: Buffer): Buffer => bytes;
    for (const method of ['/kv.v1.KV/Get', '/kv.v1.KV/Put']) {
      const failure = await new Promise<ServiceError | null>((resolve) => {
        client.makeUnaryRequest(method, pass, pass, Buffer.from('ffffffffffff', 'hex'), (error) =>
          resolve(error),
        );
      });
      expect(failure).toMatchObject({ code: invalidArgument });
    }
  });

  it('a message between nodes that cannot be decoded ends its stream as an invalid argument', async () => {
    const link = openLink();
    const failure = new Promise<ServiceError>((resolve) => link.on('error', resolve));
    link.on('data', () => undefined);
    link.write(Buffer.from('ffffffffffff', 'hex'));
    expect(await failure).toMatchObject({ code: invalidArgument });
  });

  it('records between nodes that are no records are refused, and nothing is served wrongly', async () => {
    const link = openLink();
    const answer = new Promise<Buffer>((resolve) => link.on('data', resolve));
    link.on('error', () => undefined);
    const write = WriteRequest.fromPartial({ records: randomBytes(64) });
    link.write(Buffer.from(LinkRequest.encode(LinkRequest.fromPartial({ call: 7, write })).finish()));
    expect(LinkResponse.decode(await answer)).toMatchObject({
      call: 7,
      write: undefined,
      error: { code: 'invalid-argument' },
    });
    const kv = stage.client([cluster.endpoints[0]!]);
    await kv.put('after', 'value');
    expect(await kv.get('after')).toBe('value');
  });

  it('after all of it every node still runs as the process that it was', () => {
    expect(cluster.nodes.map(({ pid }) => pid)).toEqual(pids);
  });
});
