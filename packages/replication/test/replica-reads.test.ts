import { describe, expect, it } from '@jest/globals';
import { headOf, readRecordHead } from '@kv/storage';

import { type ReadAnswer, readAnswersOf, type ReplicaReadResult, sameAnswer } from '../src/index.js';
import { flightOperationsMax } from '../src/limits.js';
import { bytes, createCluster, textOf } from './model/cluster.js';
import { at, facts, recordAt } from './model/core-harness.js';
import {
  all,
  found,
  keys,
  lastTo,
  recordsOf,
  settle,
  setUp,
  told,
  type Told,
  type World,
} from './model/flights-world.js';

interface Asked {
  readonly caller: Told<ReplicaReadResult>;
  abandon(): void;
}

async function readAll(
  { coordinator }: World,
  which: readonly string[],
  timeoutMs?: number,
): Promise<Asked[]> {
  const asked = which.map((key) => {
    const caller = told<ReplicaReadResult>();
    const running = coordinator.submit.replicaRead({ key: bytes(key) }, { timeoutMs }, caller);
    return { caller, abandon: () => running.abandon() };
  });
  await settle();
  return asked;
}

const codesOf = (asked: readonly Asked[]): unknown[] =>
  asked.flatMap(({ caller }) => caller.errors.map((error) => (error as { code?: string }).code));

describe('reads of one replica', () => {
  it('are one look at the own copy, for values, and at no other', async () => {
    const world = setUp();
    const asked = await readAll(world, keys);
    expect(world.reads.map(({ to, request }) => [to, request.wantValues, request.keys.length])).toEqual([
      [1, true, keys.length],
    ]);
    const records = recordsOf(10);
    lastTo(1, world.reads).answer(readAnswersOf(records.map(found)));
    for (const [index, { caller }] of asked.entries()) {
      const [result] = caller.results as [ReplicaReadResult];
      expect(textOf(result.record!.value)).toBe(`of ${keys[index]}`);
      expect(result.identity).toEqual(headOf(records[index]!).bytes);
      expect(result).toMatchObject({ member: 1, incarnations: [] });
      expect(result.serverTime).toBeGreaterThanOrEqual(at(0));
    }
    expect(world.alone).toEqual([]);
  });

  it('tell what the copy holds, whatever it is, and which losses the member knows of', async () => {
    const world = setUp();
    const asked = await readAll(world, ['deleted', 'expired', 'none']);
    const incarnations = [{ member: 3, incarnation: 2 }];
    const answers: ReadAnswer[] = [
      {
        kind: 'found',
        record: recordAt(10, { key: 'deleted', tombstone: true }),
        ...facts({ incarnations }),
      },
      {
        kind: 'found',
        record: recordAt(10, { key: 'expired', expiresAtTick: -5 }),
        ...facts({ incarnations }),
      },
      { kind: 'absent', ...facts({ incarnations }) },
    ];
    lastTo(1, world.reads).answer(readAnswersOf(answers));
    const results = asked.map(({ caller }) => caller.results[0]!);
    expect(results.map(({ record }) => record?.tombstone)).toEqual([true, false, undefined]);
    expect(results[1]!.record!.expiresAtMs).toBeGreaterThan(0);
    expect(results[2]!.identity).toBeUndefined();
    expect(results.map((result) => result.incarnations)).toEqual([incarnations, incarnations, incarnations]);
  });

  it('rule 24: tell records apart that differ in anything', () => {
    const one = recordAt(10);
    const others = [
      recordAt(11),
      recordAt(10, { node: 2 }),
      recordAt(10, { value: 'w' }),
      recordAt(10, { key: 'l' }),
      recordAt(10, { tombstone: true }),
      recordAt(10, { expiresAtTick: 100 }),
      recordAt(10, { operationId: new Uint8Array(16).fill(1) }),
    ];
    const identities = [one, ...others].map((record) => Buffer.from(headOf(record).bytes).toString('hex'));
    expect(new Set(identities).size).toBe(identities.length);
    expect(readRecordHead(headOf(one).bytes).version).toEqual(one.version);
  });

  it('rules 14, 15: are refused where the copy says nothing', async () => {
    const world = setUp();
    const asked = await readAll(world, ['a', 'b']);
    lastTo(1, world.reads).answer(
      readAnswersOf([
        { kind: 'refused', code: 'unavailable', ...facts() },
        { kind: 'refused', code: 'wrong-epoch', ...facts() },
      ]),
    );
    expect(codesOf(asked)).toEqual(['unavailable', 'wrong-epoch']);
    const lost = await readAll(world, ['a', 'b']);
    lastTo(1, world.reads).answer(sameAnswer({ kind: 'unreachable', sent: true }));
    expect(codesOf(lost)).toEqual(['unavailable', 'unavailable']);
    world.channels.delete(1);
    expect(codesOf(await readAll(world, ['a']))).toEqual(['unavailable']);
  });

  it('do not wait for a copy that hangs, nor for a caller that gave up', async () => {
    const world = setUp();
    const [patient, gone] = (await readAll(world, ['a', 'b'])) as [Asked, Asked];
    gone.abandon();
    expect(codesOf([gone])).toEqual(['timeout']);
    await world.timers.advanceAsync(50);
    expect(codesOf([patient, gone])).toEqual(['timeout', 'timeout']);
    lastTo(1, world.reads).answer(readAnswersOf(all<ReadAnswer>(2, { kind: 'absent', ...facts() })));
    expect([patient, gone].flatMap(({ caller }) => caller.results)).toEqual([]);
    expect(world.timers.pending).toBe(0);
  });

  it('say how long they have, and come in messages of bounded size', async () => {
    const world = setUp();
    const nowMs = world.clock.monotonicMs();
    await readAll(world, ['a'], 700);
    await readAll(world, ['a'], 60_000);
    await readAll(world, all(flightOperationsMax + 1, 'k'));
    expect(world.reads.map(({ request }) => request.deadlineAtMs - nowMs)).toEqual([
      700, 5_000, 5_000, 5_000,
    ]);
    expect(world.reads.map(({ request }) => request.keys.length)).toEqual([1, 1, flightOperationsMax, 1]);
  });

  it('are refused without a key', async () => {
    const world = setUp();
    expect(codesOf(await readAll(world, ['']))).toEqual(['invalid-argument']);
    expect(world.reads).toEqual([]);
  });

  it('show what a write left, on real copies, and are refused by whoever owns none', async () => {
    const cluster = await createCluster({ members: 4 });
    const [first, second, , stranger] = cluster.members as [...typeof cluster.members] & { length: 4 };
    await first!.coordinator.put({
      ...{ key: bytes('k'), value: bytes('v'), consistency: 'all', wantPrevious: false },
    });
    const callers = [first!, second!, stranger!].map(({ coordinator }) => {
      const caller = told<ReplicaReadResult>();
      coordinator.submit.replicaRead({ key: bytes('k') }, {}, caller);
      return caller;
    });
    await cluster.settle();
    const [one, other] = callers.map(({ results }) => results[0]);
    expect(one!.identity).toEqual(other!.identity);
    expect([one!.member, other!.member]).toEqual([1, 2]);
    expect(textOf(other!.record!.value)).toBe('v');
    expect(callers[2]!.errors).toMatchObject([{ code: 'wrong-epoch' }]);
  });
});
