import { once } from 'node:events';
import { constants, createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { Connection, type ConnectionLimits } from './connection.adapter.js';

const undo: (() => void)[] = [];
afterEach(() => {
  for (const act of undo.splice(0).reverse()) act();
});

const timers = {
  after: (delayMs: number, callback: () => void) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

const limits: ConnectionLimits = {
  windowBytes: 1_000_000,
  patienceMs: 5_000,
  attemptMs: 10_000,
  keepAliveMs: 5_000,
  keepAliveTimeoutMs: 5_000,
};
const patient = { timeoutMs: 5_000 };
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function listening(server: Server, port = 0): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  undo.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function serve(port = 0) {
  const server = createServer();
  const sessions: ServerHttp2Session[] = [];
  server.on('stream', (stream) => stream.on('error', () => undefined));
  server.on('session', (session) => {
    session.on('error', () => undefined);
    sessions.push(session);
    undo.push(() => session.destroy());
  });
  return { port: await listening(server, port), sessions, server };
}

/** Accepts connections and says `greeting`, then nothing. */
async function mute(greeting: Buffer) {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket.on('error', () => undefined).resume());
    socket.write(greeting);
  });
  const port = await listening(server);
  undo.push(() => sockets.forEach((socket) => socket.destroy()));
  return { port, sockets };
}

/** An empty SETTINGS frame. */
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

function connectionTo(port: number, changed: Partial<ConnectionLimits> = {}, host = '127.0.0.1'): Connection {
  const connection = new Connection({ host, port }, { ...limits, ...changed }, { timers });
  undo.push(() => connection.close());
  return connection;
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listening(server);
  server.close();
  await once(server, 'close');
  return port;
}

describe('a connection', () => {
  it('is made when it is first wanted, once for all', async () => {
    const { port, sessions } = await serve();
    const connection = connectionTo(port);
    expect(connection.open).toBeUndefined();
    const [one, other] = await Promise.all([connection.connected(patient), connection.connected(patient)]);
    expect(one).toBe(other);
    expect(connection.open).toBe(one);
    expect(await connection.connected(patient)).toBe(one);
    expect(sessions).toHaveLength(1);
  });

  it('goes by name and by an address with a zone, too', async () => {
    const { port } = await serve();
    expect(await connectionTo(port, {}, 'localhost').connected(patient)).toBeDefined();
    // No such zone: what matters is that it is a failure like any other.
    await expect(connectionTo(port, {}, 'fe80::1%none').connected(patient)).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
    });
  });

  it('says that nothing was sent where nobody listens, and tries again when it is wanted', async () => {
    const port = await freePort();
    const connection = connectionTo(port);
    const refused = { code: 'unavailable', outcome: 'not-applied' };
    await expect(connection.connected(patient)).rejects.toMatchObject(refused);
    await expect(connection.connected(patient)).rejects.toThrow('ECONNREFUSED');
    await serve(port);
    expect(await connection.connected(patient)).toBeDefined();
  });

  it('with pauses tries by itself, and tells everybody at once meanwhile', async () => {
    const port = await freePort();
    const connection = connectionTo(port, { redialPauses: { firstMs: 30, lastMs: 60 } });
    await expect(connection.connected(patient)).rejects.toThrow('ECONNREFUSED');
    const { sessions } = await serve(port);
    await expect(connection.connected(patient)).rejects.toThrow('cannot be reached');
    while (connection.open === undefined) await pause(2);
    expect(sessions).toHaveLength(1);
  });

  it('is made again after it was lost', async () => {
    const { port, sessions } = await serve();
    const connection = connectionTo(port);
    const first = await connection.connected(patient);
    sessions[0]!.destroy();
    await once(first, 'close');
    expect(connection.open).toBeUndefined();
    expect(await connection.connected(patient)).not.toBe(first);
  });

  it('is left when the other end says so, while its streams go on', async () => {
    const { port, sessions, server } = await serve();
    const connection = connectionTo(port);
    const first = await connection.connected(patient);
    const stream = first.request({ ':method': 'POST', ':path': '/' }, { endStream: false });
    stream.on('error', () => undefined);
    await once(server, 'stream');
    sessions[0]!.goaway();
    await once(first, 'goaway');
    expect(connection.open).toBeUndefined();
    const second = await connection.connected(patient);
    expect(second).not.toBe(first);
    expect(first.destroyed).toBe(false);
    connection.close();
    await pause(5);
    expect([first.destroyed, second.destroyed]).toEqual([true, true]);
  });

  it('waits no longer than one has patience for who accepts and says nothing, but goes on trying', async () => {
    const { port, sockets } = await mute(Buffer.alloc(0));
    const connection = connectionTo(port, { patienceMs: 30 });
    await expect(connection.connected(patient)).rejects.toMatchObject({ outcome: 'not-applied' });
    await expect(connection.connected(patient)).rejects.toMatchObject({ outcome: 'not-applied' });
    expect(sockets).toHaveLength(1);
    sockets[0]!.write(settings);
    while (connection.open === undefined) await pause(2);
  });

  it('gives such an attempt up at last', async () => {
    const { port, sockets } = await mute(Buffer.alloc(0));
    const connection = connectionTo(port, { patienceMs: 10, attemptMs: 30 });
    await expect(connection.connected(patient)).rejects.toMatchObject({ outcome: 'not-applied' });
    while (!sockets[0]!.destroyed) await pause(2);
    await expect(connection.connected(patient)).rejects.toMatchObject({ outcome: 'not-applied' });
    expect(sockets).toHaveLength(2);
  });

  it('is given up where the other end shows no sign of life', async () => {
    const { port } = await mute(settings);
    const connection = connectionTo(port, { keepAliveMs: 10, keepAliveTimeoutMs: 30 });
    const session = await connection.connected(patient);
    await once(session, 'close');
    expect(connection.open).toBeUndefined();
  });

  it('stays where the other end answers', async () => {
    const { port } = await serve();
    const connection = connectionTo(port, { keepAliveMs: 1, keepAliveTimeoutMs: 4_000 });
    const session = await connection.connected(patient);
    for (let pings = 0; pings < 5; pings += 1) await new Promise((resolve) => session.ping(resolve));
    await pause(30);
    expect(connection.open).toBe(session);
  });

  it('that was closed is told as closed, also to those who wait for it', async () => {
    const { port } = await mute(Buffer.alloc(0));
    const connection = connectionTo(port);
    const waiting = connection.connected(patient);
    connection.close();
    const closed = { code: 'closed', outcome: 'not-applied' };
    await expect(waiting).rejects.toMatchObject(closed);
    await expect(connection.connected(patient)).rejects.toMatchObject(closed);
  });

  it('is closed without harm as soon as the other end leaves a stream on which much is unsent', async () => {
    const { port, server } = await serve();
    const others: ServerHttp2Stream[] = [];
    server.on('stream', (other: ServerHttp2Stream) => {
      other.respond({ ':status': 200, 'content-type': 'application/grpc' });
      other.once('data', () => setTimeout(() => other.pause(), 30));
      others.push(other);
      if (others.length === 2) others[0]!.close();
    });
    const connection = connectionTo(port);
    const session = await connection.connected(patient);
    const open = () => {
      const stream = session.request({ ':method': 'POST', ':path': '/' }, { endStream: false });
      return stream.on('error', () => undefined).resume();
    };
    // As a stream of messages ends.
    const stream = open().on('end', () => stream.close(constants.NGHTTP2_CANCEL));
    stream.write(Buffer.alloc(10));
    await pause(60);
    for (let count = 0; count < 3; count += 1) stream.write(Buffer.alloc(100_000));
    open().write(Buffer.alloc(100));
    await once(stream, 'close');
    connection.close();
    // Node itself failed when the other end's reset came in.
    await pause(30);
    expect(session.destroyed).toBe(true);
  });
});
