import { describe, expect, it } from '@jest/globals';
import { readRecord } from '@kv/storage';

import { type ReadAnswer, readAnswersOf, sameAnswer, type TicketResult } from '../src/index.js';
import {
  afterwardsFlightsMax,
  afterwardsMs,
  flightOperationsMax,
  ownerTurnOperations,
  readsComparedPerSecond,
} from '../src/limits.js';
import { bytes, textOf } from './model/cluster.js';
import { epochMs, facts, recordAt } from './model/core-harness.js';
import {
  told,
  setUp,
  hedgeAfterMs,
  type World,
  keys,
  lastTo,
  settle,
  warmedUp,
  getAll,
  all,
  found,
  recordsOf,
  theOther,
} from './model/flights-world.js';

describe('reads that were submitted together', () => {
  it('ask the own copy for values, another one for heads, and are over once it shows the same', async () => {
    const world = setUp();
    const callers = await getAll(world, keys);
    const other = theOther(world);
    expect(world.reads.map(({ to, request }) => [to, request.wantValues, request.keys.length])).toEqual([
      [other, false, keys.length],
      [1, true, keys.length],
    ]);
    const answers = readAnswersOf(recordsOf(10).map(found));
    lastTo(other, world.reads).answer(answers);
    // It has shown no value.
    expect(callers.every(({ caller }) => caller.results.length === 0)).toBe(true);
    lastTo(1, world.reads).answer(answers);
    for (const [index, { caller }] of callers.entries()) {
      const [result] = caller.results;
      expect(result?.found === true && textOf(result.value)).toBe(`of ${keys[index]}`);
    }
    expect(world.alone).toEqual([]);
  });

  it('ask the others in turn, each for some operations', async () => {
    const world = setUp();
    const asked: number[] = [];
    for (let index = 0; index < 3 * ownerTurnOperations; index += 1) {
      await getAll(world, ['k']);
      asked.push(theOther(world));
    }
    const [first] = asked as [number];
    const turns = [first, 5 - first, first].map((member) => all(ownerTurnOperations, member));
    expect(asked).toEqual(turns.flat());
  });

  it('pass over one that is late until it answers in time', async () => {
    const world = setUp();
    world.clock.advance(10_000);
    await getAll(world, keys);
    const late = theOther(world);
    const prompt = 5 - late;
    const answers = readAnswersOf(recordsOf(10).map(found));
    await world.timers.advanceAsync(hedgeAfterMs);
    // Both are asked now.
    expect(world.reads.map(({ to }) => to)).toEqual([late, 1, prompt]);
    lastTo(late, world.reads).answer(answers);
    for (let index = 0; index < 3; index += 1) {
      world.reads.length = 0;
      await getAll(world, keys);
      expect(theOther(world)).toBe(prompt);
      for (const message of [...world.reads]) message.answer(answers);
    }
    await world.timers.advanceAsync(afterwardsMs);
    lastTo(late, world.reads).answer(answers);
    const asked = new Set<number>();
    for (let index = 0; index < ownerTurnOperations; index += 1) {
      await getAll(world, keys);
      asked.add(theOther(world));
    }
    expect([...asked].sort()).toEqual([2, 3]);
  });

  it('find nothing where a quorum has nothing', async () => {
    const world = setUp();
    const callers = await getAll(world, keys);
    const absent = readAnswersOf(all<ReadAnswer>(keys.length, { kind: 'absent', ...facts() }));
    lastTo(1, world.reads).answer(absent);
    lastTo(theOther(world), world.reads).answer(absent);
    for (const { caller } of callers)
      expect(caller.results).toMatchObject([{ found: false, version: undefined }]);
  });

  it('rule 8: go on alone where copies differ, and write the newest back', async () => {
    const world = setUp();
    const callers = await getAll(world, keys);
    const other = theOther(world);
    const older = recordsOf(10);
    const newer = [...older];
    newer[3] = recordAt(20, { key: keys[3]!, value: 'new' });
    lastTo(1, world.reads).answer(readAnswersOf(newer.map(found)));
    lastTo(other, world.reads).answer(readAnswersOf(older.map(found)));
    expect(callers.map(({ caller }) => caller.results.length)).toEqual(
      keys.map((_, index) => (index === 3 ? 0 : 1)),
    );
    expect(world.alone).toEqual([{ to: other, kind: 'repair' }]);
    // Its core hears the third, too.
    expect(world.reads.map(({ to }) => to)).toEqual([other, 1, 5 - other]);
  });

  it.each([
    ['is deleted', recordAt(10, { tombstone: true }), { found: false, version: recordAt(10).version }],
    ['expires', recordAt(10, { expiresAtTick: 100 }), { found: true, expiresAtMs: epochMs + 100 }],
  ])('go on alone where the record %s, and say the same', async (_what, record, result) => {
    const world = setUp();
    const [get] = await getAll(world, ['k']);
    for (const message of world.reads) message.answer(readAnswersOf([found(readRecord(record.bytes))]));
    expect(get!.caller.results).toMatchObject([result]);
  });

  it('compare the third a moment later, and look again where it differs', async () => {
    const world = setUp();
    world.clock.advance(1_000);
    await getAll(world, keys);
    const other = theOther(world);
    const answers = readAnswersOf(recordsOf(10).map(found));
    lastTo(1, world.reads).answer(answers);
    lastTo(other, world.reads).answer(answers);
    const behind = recordsOf(10).map(found);
    behind[7] = { kind: 'absent', ...facts() };
    await world.timers.advanceAsync(afterwardsMs);
    expect(world.coordinator.counters().comparisons).toBe(0);
    lastTo(5 - other, world.reads).answer(readAnswersOf(behind));
    expect(world.coordinator.counters().comparisons).toBe(1);
  });

  it('compare the third at once when many wait for that', async () => {
    const world = setUp();
    world.clock.advance(1_000);
    const answers = readAnswersOf([found(recordsOf(10)[0]!)]);
    const getOne = async () => {
      await getAll(world, keys.slice(0, 1));
      for (const message of world.reads.slice(-2)) message.answer(answers);
    };
    for (let flight = 1; flight < afterwardsFlightsMax; flight += 1) await getOne();
    expect(world.reads).toHaveLength(2 * (afterwardsFlightsMax - 1));
    await getOne();
    expect(world.reads).toHaveLength(3 * afterwardsFlightsMax);
    await world.timers.advanceAsync(afterwardsMs);
    expect(world.reads).toHaveLength(3 * afterwardsFlightsMax);
  });

  it('are compared no more often than so many a second', async () => {
    const world = setUp();
    const answers = readAnswersOf(recordsOf(10).map(found));
    const getFlight = async () => {
      await getAll(world, keys);
      for (const message of world.reads.slice(-2)) message.answer(answers);
    };
    world.clock.advance(2 * (keys.length / readsComparedPerSecond) * 1_000);
    for (let index = 0; index < 10; index += 1) await getFlight();
    await world.timers.advanceAsync(afterwardsMs);
    const compared = () => world.reads.length - 2 * flights;
    let flights = 10;
    expect(compared()).toBe(2);
    world.clock.advance(60_000);
    flights += 200;
    for (let index = 0; index < 200; index += 1) await getFlight();
    await world.timers.advanceAsync(afterwardsMs);
    expect(compared()).toBe(2 + Math.floor(flightOperationsMax / keys.length));
  });

  it('need no owner that cannot be reached, as long as a quorum can', async () => {
    const world = setUp();
    const callers = await getAll(world, keys);
    const other = theOther(world);
    const answers = readAnswersOf(recordsOf(10).map(found));
    lastTo(other, world.reads).answer(sameAnswer({ kind: 'unreachable', sent: false }));
    lastTo(1, world.reads).answer(answers);
    lastTo(5 - other, world.reads).answer(answers);
    expect(callers.every(({ caller }) => caller.results.length === 1)).toBe(true);
    expect(world.alone).toEqual([]);
  });

  it('end with their deadline', async () => {
    const world = setUp();
    const callers = await getAll(world, keys);
    await world.timers.advanceAsync(5_001);
    for (const { caller } of callers) expect(caller.errors).toMatchObject([{ code: 'timeout' }]);
  });

  it('at ONE ask the own copy only, and another one if it refuses', async () => {
    const world = setUp();
    const callers = await getAll(world, keys, 'one');
    expect(world.reads.map(({ to }) => to)).toEqual([1]);
    const answers = recordsOf(10).map(found);
    answers[2] = { kind: 'refused', code: 'unavailable', ...facts() };
    lastTo(1, world.reads).answer(readAnswersOf(answers));
    expect(callers.map(({ caller }) => caller.results.length)).toEqual(
      keys.map((_, index) => (index === 2 ? 0 : 1)),
    );
    expect(world.alone.filter(({ kind }) => kind === 'read')).toHaveLength(1);
  });
});

describe('tickets that were asked for together', () => {
  const ticketAll = async ({ coordinator }: World) => {
    const callers = keys.map((key) => {
      const caller = told<TicketResult>();
      coordinator.submit.ticket({ key: bytes(key) }, {}, caller);
      return caller;
    });
    await settle();
    return callers;
  };

  it('rule 10: are above what a quorum shows, one message to each of it, heads only', async () => {
    const world = await warmedUp();
    const callers = await ticketAll(world);
    const other = theOther(world);
    expect(world.reads.map(({ to, request }) => [to, request.wantValues, request.keys.length])).toEqual([
      [other, false, keys.length],
      [1, false, keys.length],
    ]);
    lastTo(1, world.reads).answer(readAnswersOf(recordsOf(5).map(found)));
    const newer = recordsOf(5).map(found);
    newer[4] = found(recordAt(8, { key: keys[4]! }));
    newer[5] = { kind: 'absent', ...facts() };
    lastTo(other, world.reads).answer(readAnswersOf(newer));
    for (const [index, { results }] of callers.entries()) {
      expect(results).toHaveLength(1);
      const seen = recordAt(index === 4 ? 8 : 5).version.timestamp;
      expect(results[0]!.ticket.timestamp).toBeGreaterThan(seen);
    }
    expect(world.coordinator.counters().tickets).toBe(keys.length);
    expect(world.alone).toEqual([]);
  });

  it('go on alone where an owner refuses, with what the others said', async () => {
    const world = await warmedUp();
    const callers = await ticketAll(world);
    const some = recordsOf(5).map(found);
    some[4] = { kind: 'refused', code: 'unavailable', ...facts() };
    const other = theOther(world);
    lastTo(other, world.reads).answer(readAnswersOf(some));
    lastTo(1, world.reads).answer(readAnswersOf(recordsOf(5).map(found)));
    expect(callers.map(({ results }) => results.length)).toEqual(
      keys.map((_, index) => (index === 4 ? 0 : 1)),
    );
    lastTo(5 - other, world.reads).answer(readAnswersOf(recordsOf(5).map(found)));
    expect(callers[4]!.results).toHaveLength(1);
    expect(world.alone).toEqual([]);
  });
});
