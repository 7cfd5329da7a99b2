import { runInThisContext } from 'node:vm';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import { systemClock, systemTimers } from '@kv/storage';
import { createRecordingLogger } from '@kv/testing';

import type { Listener, NodeServices, PeerConnection, ReplicaService } from '../transport.js';
import { grpcTransport } from './grpc-transport.adapter.js';

const transport = grpcTransport({
  clock: systemClock(),
  timers: systemTimers(),
  logger: createRecordingLogger(),
});
const unused = () => Promise.reject(new Error('not called in this test'));
const patient = { timeoutMs: 5_000 };
const asIs = (error: { sent?: boolean }) => error;
const ping = { header: undefined, directory: undefined };

let write: ReplicaService['write'];
let listener: Listener;
let connection: PeerConnection;

function listen(port: number): Promise<Listener> {
  const services = {
    kv: { get: unused, put: unused, delete: unused, ticket: unused, scan: unused },
    cluster: { describe: unused, status: unused },
    replica: {
      write: (...call: Parameters<ReplicaService['write']>) => write(...call),
      repair: unused,
      read: unused,
      scanPartition: unused,
      ping: () => Promise.resolve({ header: undefined, remembered: [] }),
      digest: unused,
    },
  } as unknown as NodeServices;
  return transport.listen({ host: '127.0.0.1', port }, services);
}

beforeEach(async () => {
  listener = await listen(0);
  connection = transport.connect(`127.0.0.1:${listener.port}`);
});

afterEach(async () => {
  connection.close();
  await listener.close({ drainMs: 0 });
});

const request = {
  header: undefined,
  records: Buffer.from('r'),
  wantPrevious: Buffer.alloc(0),
  expected: Buffer.alloc(0),
};

describe('a connection to a peer', () => {
  it('says "not sent" while nobody listens, and is there again soon after somebody does', async () => {
    await connection.ping(ping, patient);
    await listener.close({ drainMs: 0 });
    // Until the loss was noticed, what failed may have been sent.
    let failure: { sent?: boolean } = { sent: true };
    while (failure.sent === true) failure = await connection.write(request, patient).then(() => ({}), asIs);
    expect(failure).toMatchObject({ name: 'ReplicaUnreachable', sent: false });
    listener = await listen(listener.port);
    let answered = false;
    while (!answered) {
      answered = await connection.ping(ping, patient).then(
        () => true,
        () => new Promise((resolve) => setTimeout(() => resolve(false), 20)),
      );
    }
    expect(answered).toBe(true);
  });

  it('says "sent" of a request that was never answered', async () => {
    let arrived = 0;
    write = () => {
      arrived += 1;
      return new Promise(() => undefined);
    };
    const call = connection.write(request, { timeoutMs: 200 });
    await expect(call).rejects.toMatchObject({ name: 'ReplicaUnreachable', sent: true });
    expect(arrived).toBe(1);
  });

  it('says "sent" of a request whose connection was lost, and sends it no second time', async () => {
    let arrived = 0;
    write = () => {
      arrived += 1;
      void listener.close({ drainMs: 0 });
      return new Promise(() => undefined);
    };
    await expect(connection.write(request, patient)).rejects.toMatchObject({ sent: true });
    listener = await listen(listener.port);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(arrived).toBe(1);
  });

  it('brings back the KvError that the peer answered, and of a defect no more than that it was one', async () => {
    write = () =>
      Promise.reject(new KvError('overloaded', 'later', { outcome: 'not-applied', retryAfterMs: 7 }));
    await expect(connection.write(request, patient)).rejects.toMatchObject({
      name: 'KvError',
      code: 'overloaded',
      outcome: 'not-applied',
      retryAfterMs: 7,
      message: 'later',
    });
    write = () => Promise.reject(new Error('the secret path'));
    await expect(connection.write(request, patient)).rejects.toMatchObject({
      code: 'internal',
      outcome: undefined,
      message: expect.not.stringContaining('secret'),
    });
  });

  it('carries many calls at a time without a warning of the process, and ends them all when it is closed', async () => {
    const warnings: string[] = [];
    const note = ({ message }: Error) => void warnings.push(message);
    // What the runtime warns of reaches its own process object, of which a test sees a copy.
    const runtime = runInThisContext('process') as NodeJS.Process;
    runtime.on('warning', note);
    let arrived = 0;
    write = () => {
      arrived += 1;
      return new Promise(() => undefined);
    };
    await connection.ping(ping, patient);
    const calls = Promise.allSettled(Array.from({ length: 50 }, () => connection.write(request, patient)));
    while (arrived < 50) await new Promise((resolve) => setTimeout(resolve, 5));
    connection.close();
    expect((await calls).map(({ status }) => status)).toEqual(Array.from({ length: 50 }, () => 'rejected'));
    runtime.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it('ends its calls when it is closed, and begins no other', async () => {
    write = () => new Promise(() => undefined);
    await connection.ping(ping, patient);
    const running = connection.write(request, patient);
    running.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 50));
    connection.close();
    await expect(running).rejects.toMatchObject({ sent: true });
    await expect(connection.ping(ping, patient)).rejects.toMatchObject({ sent: false });
  });
});
