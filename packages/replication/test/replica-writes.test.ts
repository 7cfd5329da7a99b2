import { describe, expect, it } from '@jest/globals';
import { readRecords } from '@kv/storage';

import {
  type PreviousValue,
  type ReplicaWriteRequest,
  type ReplicaWriteResult,
  sameAnswer,
  type WriteAnswer,
  writeAnswersOf,
} from '../src/index.js';
import { flightOperationsMax, spreadingMs } from '../src/limits.js';
import { bytes, createCluster, textOf } from './model/cluster.js';
import { at, facts, recordAt, version } from './model/core-harness.js';
import {
  all,
  keys,
  lastTo,
  settle,
  setUp,
  stored,
  told,
  type Told,
  type World,
} from './model/flights-world.js';

interface Asked {
  readonly caller: Told<ReplicaWriteResult>;
  abandon(): void;
}

const operationId = new Uint8Array(16).fill(7);

function requestOf(key: string, fields: Partial<ReplicaWriteRequest> = {}): ReplicaWriteRequest {
  const own = { key: bytes(key), value: bytes(`of ${key}`), version: version(10), operationId };
  return { ...own, wantPrevious: false, leads: false, twin: 0, ...fields };
}

async function writeAll(
  { coordinator }: World,
  requests: readonly ReplicaWriteRequest[],
  timeoutMs?: number,
): Promise<Asked[]> {
  const asked = requests.map((request) => {
    const caller = told<ReplicaWriteResult>();
    const running = coordinator.submit.replicaWrite(request, { timeoutMs }, caller);
    return { caller, abandon: () => running.abandon() };
  });
  await settle();
  return asked;
}

const failuresOf = (asked: readonly Asked[]): unknown[] =>
  asked.flatMap(({ caller }) =>
    caller.errors.map((error) => {
      const { code, outcome } = error as { code?: string; outcome?: string };
      return [code, outcome];
    }),
  );

const resultOf = ({ caller }: Asked): ReplicaWriteResult => caller.results[0]!;

const answer = (world: World, ...answers: readonly WriteAnswer[]): void =>
  lastTo(1, world.writes).answer(writeAnswersOf(answers));

describe('writes of one replica', () => {
  it('are given to the own copy in one message, as the versions that they bring', async () => {
    const world = setUp();
    const asked = await writeAll(world, [
      ...keys.map((key) => requestOf(key)),
      requestOf('gone', { value: undefined, version: version(11, 2) }),
    ]);
    expect(world.writes.map(({ to, request }) => [to, request.count, request.expected])).toEqual([
      [1, keys.length + 1, undefined],
    ]);
    const records = readRecords(world.writes[0]!.request.records);
    expect(records.map(({ key, value }) => [textOf(key), textOf(value)])).toEqual([
      ...keys.map((key) => [key, `of ${key}`]),
      ['gone', ''],
    ]);
    expect(records[0]).toMatchObject({ version: version(10), tombstone: false, expiresAtMs: 0, operationId });
    expect(records.at(-1)).toMatchObject({ version: version(11, 2), tombstone: true });
    const incarnations = [{ member: 3, incarnation: 2 }];
    answer(world, ...all<WriteAnswer>(asked.length, { kind: 'stored', ...facts({ incarnations }) }));
    for (const one of asked) {
      expect(resultOf(one)).toMatchObject({ stored: true, member: 1, incarnations, reserved: undefined });
      expect(resultOf(one).previous).toEqual({ kind: 'not-asked' });
      expect(resultOf(one).serverTime).toBeGreaterThanOrEqual(at(0));
    }
    await world.timers.advanceAsync(spreadingMs);
    expect(world.writes).toHaveLength(1);
    expect(world.alone).toEqual([]);
  });

  it('rule 25: count if the record is durable there, and nothing newer', async () => {
    const world = setUp();
    const asked = await writeAll(
      world,
      keys.slice(0, 4).map((key) => requestOf(key)),
    );
    const newer: WriteAnswer = { kind: 'newer', version: version(11), ...facts() };
    answer(world, stored, { kind: 'already', ...facts() }, newer, { kind: 'abstained', ...facts() });
    expect(asked.map((one) => resultOf(one).stored)).toEqual([true, true, false, false]);
  });

  it('are not applied where they were refused, and unknown where nobody can tell', async () => {
    const world = setUp();
    const asked = await writeAll(
      world,
      keys.slice(0, 3).map((key) => requestOf(key)),
    );
    answer(
      world,
      { kind: 'refused', code: 'wrong-epoch', ...facts() },
      { kind: 'refused', code: 'memory-full', ...facts() },
      { kind: 'unreachable', sent: true },
    );
    expect(failuresOf(asked)).toEqual([
      ['wrong-epoch', 'not-applied'],
      ['memory-full', 'not-applied'],
      ['unavailable', 'unknown'],
    ]);
    world.channels.delete(1);
    expect(failuresOf(await writeAll(world, [requestOf('a')]))).toEqual([['unavailable', 'not-applied']]);
  });

  it('do not wait for a copy that hangs, nor for a caller that gave up', async () => {
    const world = setUp();
    const [patient, gone] = (await writeAll(world, [requestOf('a'), requestOf('b')])) as [Asked, Asked];
    gone.abandon();
    expect(failuresOf([gone])).toEqual([['timeout', 'unknown']]);
    await world.timers.advanceAsync(50);
    expect(failuresOf([patient, gone])).toEqual([
      ['timeout', 'unknown'],
      ['timeout', 'unknown'],
    ]);
    answer(world, stored, stored);
    expect([patient, gone].flatMap(({ caller }) => caller.results)).toEqual([]);
    expect(world.timers.pending).toBe(0);
  });

  it('are never begun for a caller that gave up before', async () => {
    const world = setUp();
    const callers = ['a', 'b'].map((key) => {
      const caller = told<ReplicaWriteResult>();
      const running = world.coordinator.submit.replicaWrite(requestOf(key), {}, caller);
      return { caller, abandon: () => running.abandon() };
    });
    callers[0]!.abandon();
    await settle();
    expect(failuresOf(callers)).toEqual([['timeout', 'not-applied']]);
    const records = readRecords(world.writes[0]!.request.records);
    expect(records.map(({ key }) => textOf(key))).toEqual(['b']);
  });

  it('say how long they have, and come in messages of bounded size', async () => {
    const world = setUp();
    const nowMs = world.clock.monotonicMs();
    await writeAll(world, [requestOf('a')], 700);
    await writeAll(world, [requestOf('a')], 60_000);
    await writeAll(world, all(flightOperationsMax + 1, requestOf('k')));
    expect(world.writes.map(({ request }) => request.deadlineAtMs - nowMs)).toEqual([
      700, 5_000, 5_000, 5_000,
    ]);
    expect(world.writes.map(({ request }) => request.count)).toEqual([1, 1, flightOperationsMax, 1]);
  });

  it.each<[string, Partial<ReplicaWriteRequest>]>([
    ['without a key', { key: bytes('') }],
    ['with a value that is too large', { value: new Uint8Array(1024 * 1024 + 1) }],
    ['without a version', { version: { timestamp: at(0), node: 0 } }],
    ['with an operation id of another length', { operationId: new Uint8Array(3) }],
  ])('are refused %s', async (_what, fields) => {
    const world = setUp();
    expect(failuresOf(await writeAll(world, [requestOf('a', fields)]))).toEqual([
      ['invalid-argument', 'not-applied'],
    ]);
    expect(world.writes).toEqual([]);
  });
});

describe('the previous value in one replica', () => {
  const own = recordAt(8, { operationId });
  it.each<[string, WriteAnswer, PreviousValue['kind'], number | undefined]>([
    ['the value', { kind: 'stored', previous: recordAt(9), ...facts() }, 'value', 9],
    ['none', stored, 'none', undefined],
    [
      'none, of a tombstone',
      { kind: 'stored', previous: recordAt(9, { tombstone: true }), ...facts() },
      'none',
      9,
    ],
    [
      'none, of an expired record',
      { kind: 'stored', previous: recordAt(5, { expiresAtTick: 6 }), ...facts() },
      'none',
      5,
    ],
    ['unknown where it met itself', { kind: 'already', ...facts() }, 'unknown', undefined],
    [
      'unknown where it met another attempt',
      { kind: 'stored', previous: own, ...facts() },
      'unknown',
      undefined,
    ],
  ])('rule 13: is %s', async (_what, told, kind, tick) => {
    const world = setUp();
    const [asked] = await writeAll(world, [requestOf('k', { wantPrevious: true })]);
    expect(world.writes[0]!.request.expected).toBeDefined();
    answer(world, told);
    expect(resultOf(asked!).previous.kind).toBe(kind);
    expect(resultOf(asked!).previousVersion).toEqual(tick === undefined ? undefined : version(tick));
  });

  it('rule 13: is none where it expired after the version was reserved', async () => {
    const world = setUp();
    await world.timers.advanceAsync(100);
    const [asked] = await writeAll(world, [requestOf('k', { wantPrevious: true })]);
    answer(world, { kind: 'stored', previous: recordAt(9, { expiresAtTick: 50 }), ...facts() });
    expect(resultOf(asked!).previous.kind).toBe('none');
    expect(resultOf(asked!).previousVersion).toEqual(version(9));
  });
});

describe('a write of one replica that leads', () => {
  it('is given to the other owners a moment later, in one message each', async () => {
    const world = setUp();
    world.coordinator.submit.reserve();
    await settle(); // The first needs a durable ceiling.
    const asked = await writeAll(world, [
      requestOf('a', { leads: true, twin: 2 }),
      requestOf('b', { leads: true, twin: 3 }),
      requestOf('c', { leads: true }),
      requestOf('d', { leads: true }),
      requestOf('e'),
    ]);
    const newer: WriteAnswer = { kind: 'newer', version: version(11), ...facts() };
    answer(world, stored, stored, stored, newer, stored);
    expect(asked.map((one) => resultOf(one).reserved === undefined)).toEqual([
      ...[false, false, false, false],
      true,
    ]);
    const later = await writeAll(world, [requestOf('f', { leads: true, twin: 2 })]);
    answer(world, stored);
    expect(later).toHaveLength(1);
    await world.timers.advanceAsync(spreadingMs);
    const spread = world.writes.filter(({ to }) => to !== 1);
    const keysOf = (member: number) =>
      readRecords(lastTo(member, spread).request.records).map(({ key }) => textOf(key));
    expect(spread).toHaveLength(2);
    expect(keysOf(2)).toEqual(['b', 'c']);
    expect(keysOf(3)).toEqual(['a', 'c', 'f']);
    expect(lastTo(3, spread).request).toMatchObject({ count: 3, expected: undefined });
    lastTo(3, spread).answer(sameAnswer({ kind: 'unreachable', sent: false }));
  });

  it('is given to them when the node stops, and earlier if there are many', async () => {
    const world = setUp();
    await writeAll(world, all(flightOperationsMax, requestOf('k', { leads: true, twin: 2 })));
    answer(world, ...all(flightOperationsMax, stored));
    expect(world.writes).toHaveLength(1);
    await writeAll(world, [requestOf('k', { leads: true, twin: 2 })]);
    answer(world, stored);
    expect(lastTo(3, world.writes).request.count).toBe(flightOperationsMax);
    world.coordinator.close();
    expect(lastTo(3, world.writes).request.count).toBe(1);
  });

  it('reserves a version above all that the clock told, another one each time', async () => {
    const world = setUp();
    const { submit } = world.coordinator;
    const first = submit.reserve();
    await settle(); // The first needs a durable ceiling.
    const [second, third] = [submit.reserve()!, submit.reserve()!];
    expect(first).toBeUndefined();
    expect(second.timestamp).toBeGreaterThanOrEqual(at(0));
    expect(third.timestamp).toBeGreaterThan(second.timestamp);
    expect(third.node).toBe(second.node);
  });
});

describe('writes of two real replicas', () => {
  it('are what a read finds, and are refused by whoever owns none', async () => {
    const cluster = await createCluster({ members: 4 });
    const [first, second, third, stranger] = cluster.members as [...typeof cluster.members] & { length: 4 };
    await first!.coordinator.put({
      ...{ key: bytes('k'), value: bytes('old'), consistency: 'all', wantPrevious: false },
    });
    const reserved = first!.coordinator.submit.reserve()!;
    const write = ({ coordinator }: NonNullable<typeof first>, leads: boolean) => {
      const caller = told<ReplicaWriteResult>();
      const fields = { version: reserved, wantPrevious: true, leads, twin: leads ? 2 : 0 };
      coordinator.submit.replicaWrite(requestOf('k', fields), {}, caller);
      return caller;
    };
    const callers = [write(first!, true), write(second!, false), write(stranger!, false)];
    await cluster.settle();
    for (const { results } of callers.slice(0, 2)) {
      expect(results).toMatchObject([{ stored: true, previous: { kind: 'value' } }]);
    }
    expect(callers[2]!.errors).toMatchObject([{ code: 'wrong-epoch', outcome: 'not-applied' }]);
    const read = await third!.coordinator.get({ key: bytes('k'), consistency: 'quorum' });
    expect(read).toMatchObject({ found: true, version: reserved });
    const again = write(second!, false);
    await cluster.settle();
    expect(again.results).toMatchObject([{ stored: true, previous: { kind: 'unknown' } }]);
  });
});
