import { describe, expect, it } from '@jest/globals';
import { readRecords, type RecordView } from '@kv/storage';

import {
  sameAnswer,
  versionBytes,
  type WriteAnswer,
  type WriteAnswers,
  writeAnswersOf,
  type WriteResult,
} from '../src/index.js';
import { flightBytesMax, spreadingMs } from '../src/limits.js';
import { bytes, textOf } from './model/cluster.js';
import { facts, recordAt } from './model/core-harness.js';
import {
  hedgeAfterMs,
  type Told,
  told,
  type World,
  keys,
  lastTo,
  settle,
  warmedUp,
  putAll,
  sentAlone,
  stored,
  all,
  recordsOf,
} from './model/flights-world.js';

describe('writes that were submitted together', () => {
  it('travel as one message to each owner, whatever the order of preference', async () => {
    const world = await warmedUp();
    await putAll(world, keys);
    // The own copy last: the others have the longer way.
    expect(world.writes.map(({ to, request }) => [to, request.count])).toEqual([
      [3, keys.length],
      [2, keys.length],
      [1, keys.length],
    ]);
    const records = readRecords(lastTo(1, world.writes).request.records);
    expect(records.map(({ key, value }) => [textOf(key), textOf(value)])).toEqual(
      keys.map((key) => [key, `of ${key}`]),
    );
    expect(new Set(records.map(({ version }) => version.timestamp)).size).toBe(keys.length);
    expect(world.alone).toEqual([]);
  });

  it('are over with the second of three owners, under the versions that were sent', async () => {
    const world = await warmedUp();
    const callers = await putAll(world, keys);
    const answers = writeAnswersOf(all(keys.length, stored));
    lastTo(3, world.writes).answer(answers);
    expect(callers.every(({ caller }) => caller.results.length === 0)).toBe(true);
    lastTo(1, world.writes).answer(answers);
    const records = readRecords(lastTo(1, world.writes).request.records);
    for (const [index, { caller }] of callers.entries()) {
      expect(caller.results).toMatchObject([
        { version: records[index]!.version, previous: { kind: 'not-asked' } },
      ]);
    }
    lastTo(2, world.writes).answer(sameAnswer({ kind: 'refused', code: 'disk-full', ...facts() }));
    expect(callers.every(({ caller }) => caller.results.length === 1 && caller.errors.length === 0)).toBe(
      true,
    );
  });

  it('go on alone if they meet something newer: the others are over without them', async () => {
    const world = await warmedUp();
    const callers = await putAll(world, keys);
    const answers = all<WriteAnswer>(keys.length, stored);
    answers[5] = { kind: 'newer', version: recordAt(400).version, ...facts() };
    for (const message of world.writes) message.answer(writeAnswersOf(answers));
    expect(callers.map(({ caller }) => caller.results.length)).toEqual(
      keys.map((_, index) => (index === 5 ? 0 : 1)),
    );
    await settle();
    // Rule 2: a second round, above what was met.
    expect(sentAlone(world)).toEqual([
      [1, 'write'],
      [2, 'write'],
      [3, 'write'],
    ]);
  });

  it('need no owner that cannot be reached, as long as a quorum can', async () => {
    const world = await warmedUp();
    world.channels.delete(3);
    const callers = await putAll(world, keys);
    for (const message of world.writes) message.answer(writeAnswersOf(all(keys.length, stored)));
    expect(callers.every(({ caller }) => caller.results.length === 1)).toBe(true);
  });

  it('rule 12: fail as what they are if no quorum can be reached', async () => {
    const world = await warmedUp();
    world.channels.delete(3);
    const [put] = await putAll(world, ['k']);
    lastTo(2, world.writes).answer(sameAnswer({ kind: 'unreachable', sent: true }));
    lastTo(1, world.writes).answer(writeAnswersOf([{ kind: 'refused', code: 'disk-full', ...facts() }]));
    expect(put!.caller.errors).toMatchObject([{ outcome: 'unknown', required: 2, received: 0 }]);
    const [traceless] = await putAll(world, ['k']);
    lastTo(2, world.writes).answer(sameAnswer({ kind: 'unreachable', sent: false }));
    lastTo(1, world.writes).answer(writeAnswersOf([{ kind: 'refused', code: 'disk-full', ...facts() }]));
    expect(traceless!.caller.errors).toMatchObject([{ outcome: 'not-applied' }]);
  });

  it('rule 15: what an incarnation acknowledged that is gone counts for nothing', async () => {
    const world = await warmedUp();
    const callers = await putAll(world, keys);
    lastTo(2, world.writes).answer(writeAnswersOf(all(keys.length, stored)));
    const incarnations = [{ member: 2, incarnation: 2 }];
    const later: WriteAnswer = { kind: 'stored', ...facts({ incarnations }) };
    lastTo(1, world.writes).answer(writeAnswersOf(all(keys.length, later)));
    expect(callers.every(({ caller }) => caller.results.length === 0)).toBe(true);
    lastTo(3, world.writes).answer(writeAnswersOf(all(keys.length, later)));
    expect(callers.every(({ caller }) => caller.results.length === 1)).toBe(true);
  });

  it('rule 15: fly on where an incarnation that is gone has acknowledged nothing', async () => {
    const world = await warmedUp();
    const callers = await putAll(world, keys);
    const again = facts({ incarnations: [{ member: 2, incarnation: 2 }] });
    const answers = writeAnswersOf(all<WriteAnswer>(keys.length, { kind: 'stored', ...again }));
    lastTo(1, world.writes).answer(answers);
    lastTo(2, world.writes).answer(answers);
    expect(callers.every(({ caller }) => caller.results.length === 1)).toBe(true);
  });

  it('are unknown once their deadline is over and no quorum has answered', async () => {
    const world = await warmedUp();
    const callers = await putAll(world, keys);
    lastTo(1, world.writes).answer(writeAnswersOf(all(keys.length, stored)));
    await world.timers.advanceAsync(5_001);
    for (const { caller } of callers) {
      expect(caller.errors).toMatchObject([{ code: 'timeout', outcome: 'unknown', received: 1 }]);
    }
    lastTo(2, world.writes).answer(writeAnswersOf(all(keys.length, stored)));
    expect(callers.every(({ caller }) => caller.results.length === 0 && caller.errors.length === 1)).toBe(
      true,
    );
  });

  it('rule 4: end when nobody waits for them any more; before they leave, without a trace', async () => {
    const world = await warmedUp();
    const caller = told<WriteResult>();
    const request = {
      key: bytes('k'),
      value: bytes('v'),
      consistency: 'quorum' as const,
      wantPrevious: false,
    };
    world.coordinator.submit.put(request, {}, caller).abandon();
    await settle();
    expect(world.writes).toEqual([]);
    expect(caller.errors).toMatchObject([{ outcome: 'not-applied' }]);
    const [later, other] = await putAll(world, ['k', 'l']);
    later!.running.abandon();
    expect(later!.caller.errors).toMatchObject([{ outcome: 'unknown' }]);
    for (const message of world.writes) message.answer(writeAnswersOf([stored, stored]));
    expect(later!.caller.results).toEqual([]);
    expect(other!.caller.results).toHaveLength(1);
  });

  it('at ONE ask the own copy, and give the others theirs a moment later, with those of other flights', async () => {
    const world = await warmedUp();
    const flights = [keys, ['one', 'more']];
    for (const flight of flights) {
      const callers = await putAll(world, flight, { consistency: 'one' });
      expect(world.writes.at(-1)).toMatchObject({ to: 1, request: { count: flight.length } });
      lastTo(1, world.writes).answer(writeAnswersOf(all(flight.length, stored)));
      expect(callers.every(({ caller }) => caller.results.length === 1)).toBe(true);
    }
    await world.timers.advanceAsync(spreadingMs - 1);
    expect(world.writes).toHaveLength(flights.length);
    await world.timers.advanceAsync(1);
    for (const member of [2, 3]) {
      const { records, count } = lastTo(member, world.writes).request;
      expect(readRecords(records).map(({ key }) => textOf(key))).toEqual(flights.flat());
      expect(count).toBe(flights.flat().length);
    }
    expect(world.writes).toHaveLength(flights.length + 2);
  });

  it('at ONE reach the others earlier if they would not fit into one message', async () => {
    const world = await warmedUp();
    const putOne = async () => {
      await putAll(world, ['k'], { consistency: 'one', value: 'v'.repeat(flightBytesMax / 2) });
      lastTo(1, world.writes).answer(writeAnswersOf([stored]));
    };
    await putOne();
    expect(world.writes).toHaveLength(1);
    await putOne();
    expect(world.writes.map(({ to }) => to)).toEqual([1, 1, 2, 3]);
    await world.timers.advanceAsync(spreadingMs);
    expect(world.writes.map(({ to }) => to)).toEqual([1, 1, 2, 3, 2, 3]);
  });

  it('at ONE are over with another owner if the own copy hangs', async () => {
    const world = await warmedUp();
    const callers = await putAll(world, keys, { consistency: 'one' });
    await world.timers.advanceAsync(hedgeAfterMs);
    lastTo(3, world.writes).answer(writeAnswersOf(all(keys.length, stored)));
    expect(callers.every(({ caller }) => caller.results.length === 1)).toBe(true);
  });

  it.each(['before', 'after'])(
    'at ONE reach the others at once when the coordinator closes %s',
    async (when) => {
      const world = await warmedUp();
      await putAll(world, keys, { consistency: 'one' });
      if (when === 'before') world.coordinator.close();
      lastTo(1, world.writes).answer(writeAnswersOf(all(keys.length, stored)));
      if (when === 'after') world.coordinator.close();
      expect(world.writes.map(({ to }) => to).sort()).toEqual([1, 2, 3]);
      await world.timers.advanceAsync(spreadingMs);
      expect(world.writes).toHaveLength(3);
    },
  );

  it('travel alone if they ask for what was there before, and the own copy cannot be asked', async () => {
    const world = await warmedUp();
    await putAll(world, ['k'], { wantPrevious: true });
    expect(world.writes).toEqual([]);
    expect(sentAlone(world)).toEqual([
      [1, 'write'],
      [2, 'write'],
      [3, 'write'],
    ]);
  });

  it('are told alone what is wrong with one of them', async () => {
    const world = await warmedUp();
    const caller = told<WriteResult>();
    const request = { value: bytes('v'), consistency: 'quorum' as const, wantPrevious: false };
    world.coordinator.submit.put({ ...request, key: bytes('') }, {}, caller);
    // Rule 11: no stamp lies between these bounds.
    const bounds = {
      stampAbove: recordAt(90).version.timestamp,
      stampNotAfter: recordAt(80).version.timestamp,
    };
    const bounded = told<WriteResult>();
    world.coordinator.submit.put({ ...request, key: bytes('k'), ...bounds }, {}, bounded);
    await putAll(world, keys);
    expect(caller.errors).toMatchObject([{ code: 'invalid-argument', outcome: 'not-applied' }]);
    expect(bounded.errors).toMatchObject([{ code: 'timeout', outcome: 'not-applied' }]);
    expect(world.writes.map(({ request: { count } }) => count)).toEqual(all(3, keys.length));
  });
});

describe('writes that were submitted together, and ask for what was there before', () => {
  const replace = (world: World, which = keys) => putAll(world, which, { wantPrevious: true });
  const heldBy = (records: readonly RecordView[]) => new Map(records.map((one) => [textOf(one.key), one]));
  /** As a replica answers that replaced what it was told to expect. */
  const asExpected: WriteAnswers = {
    isNone: false,
    incarnations: [],
    isStored: () => false,
    isAsExpected: () => true,
    answerAt: () => stored,
  };
  const previousOf = ({ results }: Told<WriteResult>) => results[0]?.previous;

  it('say what they expect to replace, and tell it once a quorum did', async () => {
    const world = await warmedUp(heldBy(recordsOf(-20)));
    const callers = await replace(world);
    expect(world.alone).toEqual([]);
    const column = Buffer.from(lastTo(2, world.writes).request.expected!);
    for (const [index, { version }] of recordsOf(-20).entries()) {
      const offset = index * versionBytes;
      expect(column.readBigUInt64LE(offset)).toBe(BigInt(version.timestamp));
      expect(column.readUInt32LE(offset + 8)).toBe(version.node);
    }
    lastTo(3, world.writes).answer(asExpected);
    lastTo(2, world.writes).answer(asExpected);
    for (const [index, { caller }] of callers.entries()) {
      const previous = previousOf(caller);
      expect(previous?.kind === 'value' && textOf(previous.value)).toBe(`of ${keys[index]}`);
    }
  });

  it.each([
    ['nothing was', undefined, { kind: 'none' }],
    ['a tombstone was', recordAt(-20, { tombstone: true }), { kind: 'none' }],
    ['an expired record was', recordAt(-20, { expiresAtTick: -1 }), { kind: 'none' }],
  ])('tell of nothing where %s there', async (_what, record, previous) => {
    const world = await warmedUp(record === undefined ? new Map() : new Map([['k', record]]));
    const [put] = await replace(world, ['k']);
    for (const message of world.writes) message.answer(asExpected);
    expect(previousOf(put!.caller)).toEqual(previous);
  });

  it('rule 13: cannot tell what was there before their own first attempt', async () => {
    const operationId = new Uint8Array(16).fill(7);
    const world = await warmedUp(new Map([['k', recordAt(-20, { operationId })]]));
    const caller = told<WriteResult>();
    const request = {
      key: bytes('k'),
      value: bytes('v'),
      consistency: 'quorum' as const,
      wantPrevious: true,
    };
    world.coordinator.submit.put({ ...request, operationId }, {}, caller);
    await settle();
    for (const message of world.writes) message.answer(asExpected);
    expect(previousOf(caller)).toEqual({ kind: 'unknown' });
  });

  it('go on alone where an owner replaced something else, and tell the newest', async () => {
    const world = await warmedUp(heldBy(recordsOf(-20)));
    const callers = await replace(world);
    lastTo(1, world.writes).answer(asExpected);
    const others = {
      ...asExpected,
      isAsExpected: (index: number) => index !== 5,
      answerAt: (index: number): WriteAnswer =>
        index === 5 ? { ...facts(), kind: 'stored', previous: recordAt(-10, { value: 'newer' }) } : stored,
    };
    lastTo(2, world.writes).answer(others);
    const previous = callers.map(({ caller }) => previousOf(caller));
    expect(previous.map((one) => one?.kind === 'value' && textOf(one.value))).toEqual(
      keys.map((key, index) => (index === 5 ? 'newer' : `of ${key}`)),
    );
    expect(world.alone).toEqual([]);
  });
});
