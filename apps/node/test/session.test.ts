import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type OperationResult, OutcomeMessage, PreviousState } from '@kv/proto';
import { type Channel, ClientError, Status } from 'nice-grpc';

import { channelTo, clientsOf, type GrpcNode, startGrpcNode } from './grpc-node.js';

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

type Batch =
  Parameters<ReturnType<typeof clientsOf>['kv']['session']>[0] extends AsyncIterable<infer Message>
    ? Message
    : never;

/** A session by a client that is not ours: what is pushed is sent, until it is ended. */
function openSession() {
  const outgoing: Batch[] = [];
  let isEnded = false;
  let wake = (): void => undefined;
  async function* requests(): AsyncGenerator<Batch, void> {
    for (;;) {
      while (outgoing.length > 0) yield outgoing.shift()!;
      if (isEnded) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const responses = clientsOf(channel).kv.session(requests())[Symbol.asyncIterator]();
  const next = async (count: number): Promise<OperationResult[]> => {
    const results: OperationResult[] = [];
    while (results.length < count) {
      const answer = await responses.next();
      if (answer.done === true) break;
      results.push(...answer.value.results);
    }
    return results.sort((a, b) => a.id - b.id);
  };
  const send = (batch: Batch): void => {
    outgoing.push(batch);
    wake();
  };
  const end = (): void => {
    isEnded = true;
    wake();
  };
  return { send, end, next };
}

describe('a session over gRPC', () => {
  it('carries out operations of every kind, and answers each', async () => {
    const { send, next } = openSession();
    send({
      operations: [
        { id: 1, put: { key: bytes('a'), value: bytes('1') } },
        { id: 2, get: { key: bytes('b') } },
      ],
    });
    const [put, nothing] = await next(2);
    expect(put!.put!.version!.timestamp).toBeGreaterThan(0);
    expect(nothing!.get).toMatchObject({ found: false });
    send({
      operations: [
        { id: 1, get: { key: bytes('a') } },
        { id: 2, ticket: { key: bytes('a') } },
      ],
    });
    send({ operations: [{ id: 3, delete: { key: bytes('b') } }] });
    const [get, ticket, removed] = await next(3);
    expect(get!.get).toMatchObject({ found: true, value: bytes('1') });
    expect(ticket!.ticket!.ticket!.timestamp).toBeGreaterThan(put!.put!.version!.timestamp);
    expect(removed!.delete!.version).toBeDefined();
  });

  it('shows what its own copy holds', async () => {
    const { send, next } = openSession();
    send({ operations: [{ id: 1, put: { key: bytes('a'), value: bytes('1') } }] });
    const [put] = await next(1);
    send({
      operations: [
        { id: 1, replicaRead: { key: bytes('a') } },
        { id: 2, replicaRead: { key: bytes('a'), omitValue: true } },
        { id: 3, replicaRead: { key: bytes('b') } },
      ],
    });
    const [whole, head, none] = (await next(3)).map(({ replicaRead }) => replicaRead!);
    expect(whole).toMatchObject({
      member: 1,
      value: bytes('1'),
      version: put!.put!.version,
      tombstone: false,
    });
    expect(head).toMatchObject({ member: 1, value: bytes(''), identity: whole!.identity });
    expect(whole!.identity.length).toBeGreaterThan(0);
    expect(none).toMatchObject({ identity: bytes(''), version: undefined });
    expect(none!.serverTime).toBeGreaterThan(put!.put!.version!.timestamp);
  });

  it('stores in its own copy, as a version that it reserved', async () => {
    const { send, next } = openSession();
    const key = bytes('a');
    send({ operations: [{ id: 1, put: { key, value: bytes('1'), reserve: true } }] });
    const [put] = await next(1);
    const { reserved } = put!.put!;
    expect(reserved!.timestamp).toBeGreaterThan(put!.put!.version!.timestamp);
    send({
      operations: [{ id: 1, replicaWrite: { key, value: bytes('2'), version: reserved, leads: true } }],
    });
    const [stored] = await next(1);
    expect(stored!.replicaWrite).toMatchObject({
      ...{ stored: true, member: 1, previous: PreviousState.VALUE, previousValue: bytes('1') },
      previousVersion: put!.put!.version,
    });
    expect(stored!.replicaWrite!.reserved!.timestamp).toBeGreaterThan(reserved!.timestamp);
    send({
      operations: [
        { id: 1, get: { key } },
        { id: 2, replicaWrite: { key, version: { timestamp: 1, node: 65_537 }, tombstone: true } },
        { id: 3, replicaWrite: { key, value: bytes('3') } },
        { id: 4, replicaWrite: { key, version: { timestamp: 5, node: 0 } } },
      ],
    });
    const [get, old, none, wrong] = await next(4);
    expect(get!.get).toMatchObject({ value: bytes('2'), version: reserved });
    expect(old!.replicaWrite).toMatchObject({ stored: false });
    for (const { error } of [none!, wrong!]) {
      expect(error).toMatchObject({ code: 'invalid-argument', outcome: OutcomeMessage.NOT_APPLIED });
      expect(error!.message).toMatch(/version/);
    }
  });

  it('fails single operations, and goes on', async () => {
    const { send, next } = openSession();
    send({
      operations: [{ id: 7, get: { key: bytes('') } }, { id: 8 }, { id: 9, get: { key: bytes('a') } }],
    });
    const [empty, nothing, fine] = await next(3);
    expect(empty!.error).toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining('empty'),
    });
    expect(nothing!.error).toMatchObject({ code: 'invalid-argument' });
    expect(fine!.get).toBeDefined();
  });

  it('ends with a status when ids are mixed up', async () => {
    const { send, next } = openSession();
    send({
      operations: [
        { id: 1, get: { key: bytes('a') } },
        { id: 1, get: { key: bytes('b') } },
      ],
    });
    const failure = await next(3).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ClientError);
    expect(failure).toMatchObject({ code: Status.INVALID_ARGUMENT });
  });

  it('answers what is under way when its client has nothing more to say', async () => {
    const { send, end, next } = openSession();
    send({
      operations: Array.from({ length: 50 }, (_, id) => ({
        id,
        put: { key: bytes(`k${id}`), value: bytes('v') },
      })),
    });
    end();
    expect(await next(51)).toHaveLength(50);
  });

  it('does not hold up a node that stops, and loses no answer then', async () => {
    const { send, next } = openSession();
    send({ operations: [{ id: 1, put: { key: bytes('a'), value: bytes('1') } }] });
    await next(1);
    send({
      operations: Array.from({ length: 50 }, (_, id) => ({
        id,
        put: { key: bytes(`k${id}`), value: bytes('v') },
      })),
    });
    // One has been answered: so the node has them all.
    const first = await next(1);
    const answered = next(50 - first.length);
    const stopped = started.node.stop({ drainMs: 60_000 });
    expect([...first, ...(await answered)]).toHaveLength(50);
    await expect(next(1)).rejects.toMatchObject({ code: Status.UNAVAILABLE });
    await stopped;
  });
});
