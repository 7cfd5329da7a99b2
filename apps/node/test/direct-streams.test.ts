import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';

import { Server, ServerCredentials, ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { errorTrailerKey, SessionRequest, SessionResponse } from '@kv/proto';
import { FrameReader } from '@kv/streams';
import { Status } from 'nice-grpc';

import { sessionPath } from '../src/grpc/session-streams.js';
import { wireOf } from '../src/grpc/wire.js';
import { requestBytesMax } from '../src/limits.js';
import { type GrpcNode, startGrpcNode } from './grpc-node.js';

let started: GrpcNode;
let session: ClientHttp2Session;

beforeEach(async () => {
  started = await startGrpcNode();
  session = connect(`http://${started.node.address}`);
});

afterEach(async () => {
  session.destroy();
  await started.node.stop({ drainMs: 0 });
});

function open(headers: Record<string, string> = {}): ClientHttp2Stream {
  const stream = session.request(
    {
      ':method': 'POST',
      ':path': sessionPath,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    },
    { endStream: false },
  );
  stream.on('error', () => undefined);
  return stream;
}

const request = (id: number): Buffer =>
  Buffer.from(
    SessionRequest.encode(
      SessionRequest.fromPartial({ operations: [{ id, get: { key: Buffer.from('k') } }] }),
    ).finish(),
  );

function framed(message: Uint8Array, isCompressed = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = isCompressed;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** The ids of so many results. */
function resultsOf(stream: ClientHttp2Stream, count: number): Promise<number[]> {
  const ids: number[] = [];
  return new Promise((resolve) => {
    const reader = new FrameReader({
      bytesMax: 2 ** 20,
      onMessage: (message) => {
        ids.push(...SessionResponse.decode(message).results.map(({ id }) => id));
        if (ids.length >= count) resolve(ids.sort((a, b) => a - b));
      },
    });
    stream.on('data', (chunk: Buffer) => reader.push(chunk));
  });
}

describe('a stream that is served directly', () => {
  it('takes messages however the network cuts them', async () => {
    const stream = open();
    const results = resultsOf(stream, 3);
    const bytes = Buffer.concat([framed(request(1)), framed(request(2)), framed(request(3))]);
    for (let at = 0; at < bytes.length; at += 7) {
      stream.write(bytes.subarray(at, at + 7));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await results).toEqual([1, 2, 3]);
    stream.close();
  });

  it('takes compressed messages of clients that have said so', async () => {
    const stream = open({ 'grpc-encoding': 'gzip' });
    const results = resultsOf(stream, 2);
    stream.write(framed(gzipSync(request(1)), 1));
    stream.write(framed(request(2)));
    expect(await results).toEqual([1, 2]);
    stream.close();
  });

  it.each([
    ['too large', () => framed(Buffer.alloc(0)).fill(0xff, 1, 5)],
    ['compressed, though nobody has said so', () => framed(gzipSync(request(1)), 1)],
    ['longer than a client may send', () => framed(Buffer.alloc(requestBytesMax - 1))],
    ['no message', () => framed(Buffer.from([0xff, 0xff, 0xff]))],
  ])('ends with the reason where a message is %s', async (_what, bytes) => {
    const stream = open();
    const ended = once(stream, 'trailers');
    stream.resume();
    stream.write(bytes());
    const [trailers] = (await ended) as [Record<string, string>];
    expect(Number(trailers['grpc-status'])).toBe(Status.INVALID_ARGUMENT);
    expect(trailers[errorTrailerKey]).toBeDefined();
  });

  it('finds the HTTP/2 stream where grpc-js keeps it', async () => {
    let wire: unknown;
    const look: ServerInterceptor = (_, call) => {
      wire = wireOf(call, {
        onMessage: () => undefined,
        onEnd: () => undefined,
        onUnreadable: () => undefined,
      });
      return new ServerInterceptingCall(call);
    };
    const server = new Server({ interceptors: [look] });
    const bytes = { requestSerialize: asIs, requestDeserialize: asIs, responseSerialize: asIs };
    const method = { path: '/a/b', requestStream: true, responseStream: true, ...bytes };
    server.addService({ b: { ...method, responseDeserialize: asIs } }, { b: () => undefined });
    const port = await new Promise<number>((resolve) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_, bound) => resolve(bound));
    });
    const other = connect(`http://127.0.0.1:${port}`);
    const headers = {
      ':path': '/a/b',
      ':method': 'POST',
      'content-type': 'application/grpc',
      te: 'trailers',
    };
    const stream = other.request(headers, { endStream: false });
    stream.on('error', () => undefined);
    while (wire === undefined && !stream.closed) await new Promise((resolve) => setImmediate(resolve));
    expect(wire).toBeDefined();
    other.destroy();
    server.forceShutdown();
  });
});

const asIs = (value: Buffer): Buffer => value;
