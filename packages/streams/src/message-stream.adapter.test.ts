import { once } from 'node:events';
import {
  connect,
  constants,
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import { type CallFailure, errorTrailerKey, kvErrorFromFailure, kvErrorToTrailer } from '@kv/proto';

import { MessageStream } from './message-stream.adapter.js';

const undo: (() => void)[] = [];
afterEach(() => {
  for (const act of undo.splice(0).reverse()) act();
});

const grpc: OutgoingHttpHeaders = { ':status': 200, 'content-type': 'application/grpc+proto' };
const messageBytesMax = 100_000;

type OtherEnd = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A stream to an other end in the hands of the test, and what was heard on it. */
async function open(otherEnd: OtherEnd, onMessage: (message: string) => void = () => undefined) {
  const server = createServer();
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    otherEnd(stream, headers);
  });
  server.on('session', (session) => undo.push(() => session.destroy()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => server.close());
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on('error', () => undefined);
  undo.push(() => session.destroy());
  await once(session, 'remoteSettings');
  const messages: string[] = [];
  const ends: CallFailure[] = [];
  let drains = 0;
  const stream = new MessageStream(
    session,
    { path: '/kv.v1.KV/Session', messageBytesMax },
    {
      onMessage: (message) => {
        messages.push(message.toString());
        onMessage(message.toString());
      },
      onDrain: () => (drains += 1),
      onEnd: (end) => ends.push(end),
    },
  );
  const end = async (): Promise<CallFailure> => {
    while (ends.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    // Whatever else may come.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ends).toHaveLength(1);
    expect(stream.isOpen).toBe(false);
    return ends[0]!;
  };
  return { stream, session, messages, end, drains: () => drains };
}

function frame(text: string, { compressed = 0 } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed;
  prefix.writeUInt32BE(text.length, 1);
  return Buffer.concat([prefix, Buffer.from(text)]);
}

/** Answers as a gRPC server does: headers, messages, trailers. */
function answering(messages: readonly string[], trailers: OutgoingHttpHeaders): OtherEnd {
  return (stream) => {
    stream.respond(grpc, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    for (const message of messages) stream.write(frame(message));
    stream.end();
  };
}

describe('a stream of messages', () => {
  it('asks as gRPC does, and carries messages both ways', async () => {
    let asked: IncomingHttpHeaders = {};
    const { stream, messages, end } = await open((other, headers) => {
      asked = headers;
      other.respond(grpc, { waitForTrailers: true });
      other.on('wantTrailers', () => other.sendTrailers({ 'grpc-status': '0' }));
      other.pipe(other);
    });
    for (const text of ['a', '', 'b'.repeat(70_000)]) stream.send(frame(text));
    stream.finish();
    expect(await end()).toMatchObject({ status: 0 });
    expect(messages).toEqual(['a', '', 'b'.repeat(70_000)]);
    expect(asked).toMatchObject({
      ':method': 'POST',
      ':path': '/kv.v1.KV/Session',
      'content-type': 'application/grpc+proto',
      te: 'trailers',
    });
  });

  it('hands on what came before it ends, then the status, its words and the trailer of the error', async () => {
    const error = new KvError('overloaded', 'später, 100 %', { outcome: 'not-applied', retryAfterMs: 7 });
    const { messages, end } = await open(
      answering(['a', 'b'], {
        'grpc-status': '8',
        'grpc-message': encodeURI(error.message),
        [errorTrailerKey]: Buffer.from(kvErrorToTrailer(error)).toString('base64'),
      }),
    );
    const { code, message, outcome, retryAfterMs } = kvErrorFromFailure(await end());
    expect(messages).toEqual(['a', 'b']);
    expect({ code, message, outcome, retryAfterMs }).toEqual({
      code: 'overloaded',
      message: 'später, 100 %',
      outcome: 'not-applied',
      retryAfterMs: 7,
    });
  });

  it('understands an answer of trailers only', async () => {
    const { end } = await open((other) => {
      other.respond({ ...grpc, 'grpc-status': '12', 'grpc-message': 'none such' }, { endStream: true });
    });
    expect(await end()).toMatchObject({ status: 12, details: 'none such' });
  });

  it('tells words that are not encoded well as they are, and a status that is no number as unknown', async () => {
    const { end } = await open(answering([], { 'grpc-status': 'OK', 'grpc-message': '50%' }));
    expect(await end()).toMatchObject({ status: 2, details: '50%' });
  });

  it.each([
    [{ ':status': 404, 'content-type': 'text/html' }, 12, 'HTTP status 404'],
    [{ ':status': 503 }, 14, 'HTTP status 503'],
    [{ ':status': 418 }, 2, 'HTTP status 418'],
    [{ ':status': 200, 'content-type': 'text/html' }, 2, 'an answer of type text/html'],
    [{ ':status': 200, 'content-type': 'application/grpcweb' }, 2, 'an answer of type application/grpcweb'],
  ])('reads nothing of what is no gRPC: %p', async (headers, status, details) => {
    const { messages, end } = await open((other) => {
      other.respond(headers);
      other.end(frame('<html>'));
    });
    expect(await end()).toMatchObject({ status, details });
    expect(messages).toEqual([]);
  });

  it.each([
    ['compressed', frame('a', { compressed: 1 }), 13],
    ['too large', frame('a'.repeat(messageBytesMax + 1)), 8],
  ])('ends at a message that is %s', async (_, bytes, status) => {
    const { messages, end } = await open((other) => {
      other.respond(grpc);
      other.write(bytes);
    });
    expect(await end()).toMatchObject({ status });
    expect(messages).toEqual([]);
  });

  it('ends at a message that its handler cannot take, and hands on none after it', async () => {
    const otherEnd = (other: ServerHttp2Stream): void => {
      other.respond(grpc);
      other.write(Buffer.concat([frame('good'), frame('bad'), frame('late')]));
    };
    const { messages, end } = await open(otherEnd, (message) => {
      if (message === 'bad') throw new Error('what is that?');
    });
    const { status, details } = await end();
    expect(status).toBe(13);
    expect(details).toContain('what is that?');
    expect(messages).toEqual(['good', 'bad']);
  });

  it.each([
    [constants.NGHTTP2_REFUSED_STREAM, 14],
    [constants.NGHTTP2_CANCEL, 1],
    [constants.NGHTTP2_ENHANCE_YOUR_CALM, 8],
    [constants.NGHTTP2_PROTOCOL_ERROR, 13],
  ])('has a status also where it was reset with code %d: %d', async (code, status) => {
    const { end } = await open((other) => other.close(code));
    expect(await end()).toMatchObject({ status });
  });

  it('ends as internal where the other end ends it without a status', async () => {
    const { end } = await open(answering(['a'], {}));
    expect(await end()).toMatchObject({ status: 13 });
  });

  it('ends as unavailable where the connection was lost', async () => {
    const { end } = await open((other) => {
      other.respond(grpc);
      other.session!.destroy();
    });
    expect(await end()).toMatchObject({ status: 14 });
  });

  it('tells who closes it, and then the other end', async () => {
    let reset: number | undefined;
    const { stream, end } = await open((other) => {
      other.respond(grpc);
      other.on('close', () => (reset = other.rstCode));
    });
    stream.close({ status: 1, details: 'enough' });
    expect(await end()).toMatchObject({ status: 1, details: 'enough' });
    expect(reset).toBe(constants.NGHTTP2_CANCEL);
  });

  it('takes no more once the other end leaves the connection, and is answered all the same', async () => {
    let answer = (): void => undefined;
    const { stream, session, messages, end } = await open((other) => {
      other.respond(grpc, { waitForTrailers: true });
      other.on('wantTrailers', () => other.sendTrailers({ 'grpc-status': '0' }));
      other.session!.goaway();
      answer = () => other.end(frame('late'));
    });
    await once(session, 'goaway');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(stream.isOpen).toBe(false);
    answer();
    expect(await end()).toMatchObject({ status: 0 });
    expect(messages).toEqual(['late']);
  });

  it('counts what the network has not taken, and tells when it has', async () => {
    let resume = (): void => undefined;
    const { stream, drains } = await open((other) => {
      other.respond(grpc);
      resume = () => other.resume();
    });
    for (let count = 0; count < 20; count += 1) stream.send(Buffer.alloc(50_000));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(stream.unsentBytes).toBeGreaterThan(0);
    expect(drains()).toBe(0);
    resume();
    while (drains() === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(stream.unsentBytes).toBe(0);
  });
});
