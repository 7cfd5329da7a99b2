import { createServer, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';
import { encodeFramed } from '@kv/proto';
import { Directory, LinkRequest, LinkResponse } from '@kv/proto/internal';
import { systemClock, systemTimers } from '@kv/storage';
import { FrameReader } from '@kv/streams';

import { linkBytesMax, requestBytesMax } from '../limits.js';
import type { PeerConnection } from '../transport.js';
import { connectGrpc } from './grpc-peer-connection.adapter.js';

/** The other end of a link, in the hands of the test. */
interface OtherEnd {
  readonly address: string;
  readonly streams: ServerHttp2Stream[];
  readonly requests: LinkRequest[];
  onRequest: (request: LinkRequest, stream: ServerHttp2Stream) => void;
}

const undo: (() => void)[] = [];
afterEach(() => {
  for (const act of undo.splice(0).reverse()) act();
});

async function listen(): Promise<OtherEnd> {
  const server = createServer();
  const end: OtherEnd = { address: '', streams: [], requests: [], onRequest: answer };
  server.on('stream', (stream) => {
    end.streams.push(stream);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc+proto' });
    const onMessage = (message: Buffer) => {
      const request = LinkRequest.decode(message);
      end.requests.push(request);
      end.onRequest(request, stream);
    };
    const reader = new FrameReader({ bytesMax: requestBytesMax, onMessage });
    stream.on('data', (chunk: Buffer) => reader.push(chunk));
    stream.on('error', () => undefined);
  });
  server.on('session', (session) => undo.push(() => session.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => server.close());
  return Object.assign(end, { address: `127.0.0.1:${(server.address() as AddressInfo).port}` });
}

const none = Buffer.alloc(0);

function answer({ call, ping, write, repair }: LinkRequest, stream: ServerHttp2Stream): void {
  // A ping is answered with the directory that it showed.
  const pong = ping && { remembered: ping.directory === undefined ? [] : [ping.directory] };
  const body = { ping: pong, write: write && {}, repair: repair && {} };
  stream.write(encodeFramed(LinkResponse, LinkResponse.fromPartial({ call, ...body })));
}

function connect(address: string): PeerConnection {
  const connection = connectGrpc(address, { clock: systemClock(), timers: systemTimers() });
  undo.push(() => connection.close());
  return connection;
}

const patient = { timeoutMs: 5_000 };
const ping = { header: undefined, directory: undefined };
const write = (bytes = 10) => ({
  header: undefined,
  records: Buffer.alloc(bytes),
  wantPrevious: none,
  expected: none,
});
const repair = (bytes = 10) => ({ header: undefined, records: Buffer.alloc(bytes) });
const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
};

describe('the links to a peer', () => {
  it('are one stream for each class of work, each opened when it is first used', async () => {
    const end = await listen();
    const peer = connect(end.address);
    await Promise.all([peer.write(write(), patient), peer.write(write(), patient)]);
    expect(end.streams).toHaveLength(1);
    await peer.repair(repair(), patient);
    expect(end.streams).toHaveLength(2);
    await peer.ping(ping, patient);
    await peer.write(write(), patient);
    expect(end.streams).toHaveLength(3);
  });

  it('give each call its own answer, in whatever order they come', async () => {
    const end = await listen();
    const peer = connect(end.address);
    end.onRequest = (_, stream) => {
      if (end.requests.length < 3) return;
      for (const request of [...end.requests].reverse()) answer(request, stream);
    };
    const members = [1, 2, 3];
    const answers = await Promise.all(
      members.map((member) =>
        peer.ping({ header: undefined, directory: Directory.fromPartial({ member }) }, patient),
      ),
    );
    expect(answers.map(({ remembered }) => remembered[0]?.member)).toEqual(members);
  });

  it('tell how long the caller still waits', async () => {
    const end = await listen();
    const peer = connect(end.address);
    await peer.write(write(), { timeoutMs: 900 });
    expect(end.requests[0]!.deadlineMs).toBeGreaterThan(0);
    expect(end.requests[0]!.deadlineMs).toBeLessThanOrEqual(900);
  });

  it('let a call that was given up rest: its late answer reaches no other', async () => {
    const end = await listen();
    const peer = connect(end.address);
    await peer.write(write(), patient);
    end.onRequest = () => undefined;
    await expect(peer.write(write(), { timeoutMs: 30 })).rejects.toMatchObject({ sent: true });
    end.onRequest = answer;
    answer(end.requests[1]!, end.streams[0]!);
    await peer.write(write(), patient);
    expect(end.streams).toHaveLength(1);
  });

  it('say "not sent" of what waits for room, "sent" of what was handed over, when they break', async () => {
    const end = await listen();
    const peer = connect(end.address);
    await peer.write(write(), patient);
    end.streams[0]!.pause(); // Takes 64 KiB and no more.
    end.onRequest = () => undefined;
    const calls = Array.from({ length: 20 }, () =>
      peer.write(write(100_000), patient).then(() => ({}), asIs),
    );
    const held = peer.repair(repair(), patient); // A stream of its own.
    await until(() => end.streams.length === 2);
    held.catch(() => undefined);
    end.streams[0]!.close();
    const sent = (await Promise.all(calls)).map((failure) => (failure as { sent?: boolean }).sent);
    expect(sent).toEqual([...sent].sort((one, other) => Number(other) - Number(one)));
    expect(sent[0]).toBe(true);
    expect(sent.at(-1)).toBe(false);
  });

  it('let work of one class pass while another is held up', async () => {
    const end = await listen();
    const peer = connect(end.address);
    await peer.repair(repair(), patient);
    end.streams[0]!.pause();
    const stuck = Array.from({ length: 8 }, () => peer.repair(repair(500_000), patient));
    for (const call of stuck) call.catch(() => undefined);
    await peer.write(write(500_000), patient);
    expect(end.requests.filter((request) => request.write !== undefined)).toHaveLength(1);
    end.streams[0]!.resume();
    await Promise.all(stuck);
  });

  it('send what waited once there is room, with the time that is left then, and without what was given up', async () => {
    const end = await listen();
    const peer = connect(end.address);
    await peer.write(write(), patient);
    end.streams[0]!.pause();
    const calls = Array.from({ length: 10 }, () => peer.write(write(100_000), patient));
    await expect(peer.write(write(7), { timeoutMs: 40 })).rejects.toMatchObject({ sent: false });
    end.streams[0]!.resume();
    await Promise.all(calls);
    expect(end.requests.map((request) => request.write?.records.length)).not.toContain(7);
    expect(end.requests.at(-1)!.deadlineMs).toBeLessThanOrEqual(patient.timeoutMs - 40);
  });

  it('refuse more bytes than are bounded, and a message that the peer would not take', async () => {
    const end = await listen();
    const peer = connect(end.address);
    await peer.write(write(), patient);
    end.streams[0]!.pause();
    const most = Math.floor(linkBytesMax / 7_000_000);
    const calls = Array.from({ length: most }, () => peer.write(write(7_000_000), patient));
    for (const call of calls) call.catch(() => undefined);
    const refused = { code: 'overloaded', outcome: 'not-applied' };
    await expect(peer.write(write(7_000_000), patient)).rejects.toMatchObject(refused);
    await expect(peer.write(write(requestBytesMax), patient)).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    peer.close();
    await Promise.allSettled(calls);
  });

  it('break at an answer that cannot be read, and are opened anew', async () => {
    const end = await listen();
    const peer = connect(end.address);
    await peer.write(write(), patient);
    end.onRequest = (_, stream) => void stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
    await expect(peer.write(write(), patient)).rejects.toMatchObject({ sent: true });
    end.onRequest = answer;
    await peer.write(write(), patient);
    expect(end.streams).toHaveLength(2);
  });

  it('do not ask a peer again at once that ends every stream', async () => {
    const end = await listen();
    const peer = connect(end.address);
    end.onRequest = (_, stream) => stream.close();
    let sent = 0;
    for (let tries = 0; tries < 200; tries += 1) {
      const failure = await peer.write(write(), patient).then(() => ({}), asIs);
      if ((failure as { sent?: boolean }).sent === true) sent += 1;
    }
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(10);
    end.onRequest = answer;
    let answered = false;
    while (!answered) {
      answered = await peer.write(write(), patient).then(
        () => true,
        () => new Promise((resolve) => setTimeout(() => resolve(false), 20)),
      );
    }
  });

  it('take new calls elsewhere when the peer leaves, and have those under way answered', async () => {
    const end = await listen();
    const peer = connect(end.address);
    await peer.write(write(), patient);
    let asked: LinkRequest | undefined;
    end.onRequest = (request) => {
      asked = request;
    };
    const running = peer.write(write(), patient);
    await until(() => asked !== undefined);
    end.streams[0]!.session!.goaway();
    await new Promise((resolve) => setTimeout(resolve, 20));
    end.onRequest = answer;
    await peer.write(write(), patient);
    expect(end.streams).toHaveLength(2);
    expect(end.streams[1]!.session).not.toBe(end.streams[0]!.session);
    answer(asked!, end.streams[0]!);
    await running;
  });
});

describe('a peer that accepts connections but never speaks', () => {
  it('counts as unreachable after a while, and then at once', async () => {
    const sockets: Socket[] = [];
    const server = createTcpServer((socket) => void sockets.push(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    undo.push(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    const peer = connect(`127.0.0.1:${(server.address() as AddressInfo).port}`);
    const failures = await Promise.all([
      peer.ping(ping, { timeoutMs: 20 }).catch(asIs),
      peer.ping(ping, patient).catch(asIs),
    ]);
    failures.push(await peer.ping(ping, patient).catch(asIs));
    for (const failure of failures) expect(failure).toMatchObject({ sent: false });
    expect(sockets).toHaveLength(1);
  });
});

function asIs(error: unknown): unknown {
  return error;
}
