import { describe, expect, it } from '@jest/globals';
import { createHybridLogicalClock, versionNode } from '@kv/hlc';
import { readRecord, readRecords, type RecordView } from '@kv/storage';
import { createManualClock, createManualTimers, createSeededRandom } from '@kv/testing';

import {
  type AnswersReceiver,
  type Caller,
  type ConsistencyLevel,
  createCoordinator,
  createStampIssuer,
  type GetResult,
  type ManyReads,
  type ManyWrites,
  type ReadAnswer,
  type ReadAnswers,
  readAnswersOf,
  type ReplicaChannel,
  sameAnswer,
  type TicketResult,
  type WriteAnswer,
  type WriteAnswers,
  writeAnswersOf,
  type WriteResult,
} from '../src/index.js';
import { bytes, textOf } from './model/cluster.js';
import { epochMs, facts, recordAt } from './model/core-harness.js';

interface Sent<Request, Batch> {
  readonly to: number;
  readonly request: Request;
  answer(answers: Batch): void;
}

interface Told<Result> extends Caller<Result> {
  readonly results: Result[];
  readonly errors: unknown[];
}

function told<Result>(): Told<Result> {
  const results: Result[] = [];
  const errors: unknown[] = [];
  return {
    results,
    errors,
    resolve: (result) => results.push(result),
    reject: (error) => errors.push(error),
  };
}

/** A coordinator, member 1 of three, whose replicas answer when the test says so. */
function setUp() {
  const clock = createManualClock({ nowMs: epochMs });
  const timers = createManualTimers(clock);
  const hlc = createHybridLogicalClock({}, { clock });
  const writes: Sent<ManyWrites, WriteAnswers>[] = [];
  const reads: Sent<ManyReads, ReadAnswers>[] = [];
  /** What travelled by itself. */
  const alone: { readonly to: number; readonly kind: 'write' | 'read' | 'repair' }[] = [];
  const channel = (to: number): ReplicaChannel => {
    const sent = <Batch>(receiver: AnswersReceiver<Batch>) => ({
      to,
      // As behind others in the same message.
      answer: (answers: Batch) => receiver.onAnswers(to, answers, 0),
    });
    return {
      writeMany: (request, receiver) => writes.push({ request, ...sent(receiver) }),
      readMany: (request, receiver) => reads.push({ request, ...sent(receiver) }),
      write: () => alone.push({ to, kind: 'write' }),
      read: () => alone.push({ to, kind: 'read' }),
      repair: () => {
        alone.push({ to, kind: 'repair' });
        return new Promise(() => undefined);
      },
      scanPartition: () => new Promise(() => undefined),
    };
  };
  const channels = new Map([1, 2, 3].map((to) => [to, channel(to)]));
  const coordinator = createCoordinator(
    { node: versionNode({ member: 1, incarnation: 1 }), replicationFactor: 3, partitions: 4 },
    {
      placement: { self: 1, owners: (partition) => (partition % 2 === 0 ? [1, 2, 3] : [3, 1, 2]) },
      replica: (to) => channels.get(to),
      stamps: createStampIssuer({
        hlc,
        fence: { verdict: () => 'ok' },
        ceilings: { persistCeiling: () => Promise.resolve() },
      }),
      ...{ hlc, clock, timers, random: createSeededRandom(1) },
    },
  );
  return { coordinator, clock, timers, writes, reads, alone, channels };
}

type World = ReturnType<typeof setUp>;

const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
/** The last message to this owner. */
function lastTo<Message extends { readonly to: number }>(
  owner: number,
  messages: readonly Message[],
): Message {
  return messages.filter(({ to }) => to === owner).at(-1)!;
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Ten stamps need a durable ceiling at first: one write brings it. */
async function warmedUp(): Promise<World> {
  const world = setUp();
  await putAll(world, ['warm-up']);
  world.writes.length = 0;
  world.alone.length = 0;
  return world;
}

async function putAll(
  { coordinator }: World,
  which: readonly string[],
  {
    wantPrevious = false,
    consistency = 'quorum',
  }: { wantPrevious?: boolean; consistency?: ConsistencyLevel } = {},
) {
  const callers = which.map((key) => {
    const caller = told<WriteResult>();
    const request = {
      key: bytes(key),
      value: bytes(`of ${key}`),
      consistency,
      wantPrevious,
    };
    const running = coordinator.submit.put(request, {}, caller);
    return { caller, running };
  });
  await settle();
  return callers;
}

async function getAll(
  { coordinator }: World,
  which: readonly string[],
  consistency: 'quorum' | 'one' = 'quorum',
) {
  const callers = which.map((key) => {
    const caller = told<GetResult>();
    const running = coordinator.submit.get({ key: bytes(key), consistency }, {}, caller);
    return { caller, running };
  });
  await settle();
  return callers;
}

const sentAlone = ({ alone }: World) => alone.map(({ to, kind }) => [to, kind]).sort();
const stored: WriteAnswer = { kind: 'stored', ...facts() };
const all = <Answer>(count: number, answer: Answer): Answer[] => Array.from({ length: count }, () => answer);
const found = (record: RecordView): ReadAnswer => ({ kind: 'found', record, ...facts() });
const recordsOf = (tick: number) => keys.map((key) => recordAt(tick, { key, value: `of ${key}` }));

describe('writes that were submitted together', () => {
  it('travel as one message to each owner, whatever the order of preference', async () => {
    const world = await warmedUp();
    await putAll(world, keys);
    // The own copy last: the others have the longer way.
    expect(world.writes.map(({ to, request }) => [to, request.count])).toEqual([
      [2, keys.length],
      [3, keys.length],
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

  it('at ONE ask the own copy first, and the others once it has stored them', async () => {
    const world = await warmedUp();
    const callers = await putAll(world, keys, { consistency: 'one' });
    expect(world.writes.map(({ to }) => to)).toEqual([1]);
    lastTo(1, world.writes).answer(writeAnswersOf(all(keys.length, stored)));
    expect(callers.every(({ caller }) => caller.results.length === 1)).toBe(true);
    expect(world.writes.map(({ to, request }) => [to, request.count])).toEqual([
      [1, keys.length],
      [2, keys.length],
      [3, keys.length],
    ]);
  });

  it('at ONE ask the others too if the own copy hangs', async () => {
    const world = await warmedUp();
    const callers = await putAll(world, keys, { consistency: 'one' });
    await world.timers.advanceAsync(60);
    expect(world.writes.map(({ to }) => to)).toEqual([1, 2, 3]);
    lastTo(3, world.writes).answer(writeAnswersOf(all(keys.length, stored)));
    expect(callers.every(({ caller }) => caller.results.length === 1)).toBe(true);
  });

  it('travel alone if they ask for what was there before', async () => {
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
    await putAll(world, ['k']);
    expect(caller.errors).toMatchObject([{ code: 'invalid-argument', outcome: 'not-applied' }]);
    expect(bounded.errors).toMatchObject([{ code: 'timeout', outcome: 'not-applied' }]);
    expect(world.writes.map(({ request: { count } }) => count)).toEqual([1, 1, 1]);
  });
});

describe('reads that were submitted together', () => {
  it('ask the own copy for values, the others for heads, and are over once two show the same', async () => {
    const world = setUp();
    const callers = await getAll(world, keys);
    expect(world.reads.map(({ to, request }) => [to, request.wantValues, request.keys.length])).toEqual([
      [2, false, keys.length],
      [3, false, keys.length],
      [1, true, keys.length],
    ]);
    const answers = readAnswersOf(recordsOf(10).map(found));
    lastTo(2, world.reads).answer(answers);
    lastTo(3, world.reads).answer(answers);
    // Both agree, and neither has shown a value.
    expect(callers.every(({ caller }) => caller.results.length === 0)).toBe(true);
    lastTo(1, world.reads).answer(answers);
    for (const [index, { caller }] of callers.entries()) {
      const [result] = caller.results;
      expect(result?.found === true && textOf(result.value)).toBe(`of ${keys[index]}`);
    }
    expect(world.alone).toEqual([]);
  });

  it('find nothing where a quorum has nothing', async () => {
    const world = setUp();
    const callers = await getAll(world, keys);
    const absent = readAnswersOf(all<ReadAnswer>(keys.length, { kind: 'absent', ...facts() }));
    lastTo(1, world.reads).answer(absent);
    lastTo(3, world.reads).answer(absent);
    for (const { caller } of callers)
      expect(caller.results).toMatchObject([{ found: false, version: undefined }]);
  });

  it('rule 8: go on alone where copies differ, and write the newest back', async () => {
    const world = setUp();
    const callers = await getAll(world, keys);
    const older = recordsOf(10);
    const newer = [...older];
    newer[3] = recordAt(20, { key: keys[3]!, value: 'new' });
    lastTo(1, world.reads).answer(readAnswersOf(newer.map(found)));
    lastTo(2, world.reads).answer(readAnswersOf(older.map(found)));
    expect(callers.map(({ caller }) => caller.results.length)).toEqual(
      keys.map((_, index) => (index === 3 ? 0 : 1)),
    );
    expect(world.alone).toEqual([{ to: 2, kind: 'repair' }]);
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

  it('compare who answers late, and look again where it differs', async () => {
    const world = setUp();
    await getAll(world, keys);
    const answers = readAnswersOf(recordsOf(10).map(found));
    lastTo(1, world.reads).answer(answers);
    lastTo(2, world.reads).answer(answers);
    const late = recordsOf(10).map(found);
    late[7] = { kind: 'absent', ...facts() };
    expect(world.coordinator.counters().comparisons).toBe(0);
    lastTo(3, world.reads).answer(readAnswersOf(late));
    expect(world.coordinator.counters().comparisons).toBe(1);
  });

  it('need no owner that cannot be reached, as long as a quorum can', async () => {
    const world = setUp();
    const callers = await getAll(world, keys);
    const answers = readAnswersOf(recordsOf(10).map(found));
    lastTo(2, world.reads).answer(sameAnswer({ kind: 'unreachable', sent: false }));
    lastTo(1, world.reads).answer(answers);
    lastTo(3, world.reads).answer(answers);
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

  it('rule 10: are above what a quorum shows, one message to each owner, heads only', async () => {
    const world = await warmedUp();
    const callers = await ticketAll(world);
    expect(world.reads.map(({ to, request }) => [to, request.wantValues, request.keys.length])).toEqual([
      [2, false, keys.length],
      [3, false, keys.length],
      [1, false, keys.length],
    ]);
    lastTo(2, world.reads).answer(readAnswersOf(recordsOf(5).map(found)));
    const newer = recordsOf(5).map(found);
    newer[4] = found(recordAt(8, { key: keys[4]! }));
    newer[5] = { kind: 'absent', ...facts() };
    lastTo(3, world.reads).answer(readAnswersOf(newer));
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
    lastTo(2, world.reads).answer(readAnswersOf(some));
    lastTo(3, world.reads).answer(readAnswersOf(recordsOf(5).map(found)));
    expect(callers.map(({ results }) => results.length)).toEqual(
      keys.map((_, index) => (index === 4 ? 0 : 1)),
    );
    lastTo(1, world.reads).answer(readAnswersOf(recordsOf(5).map(found)));
    expect(callers[4]!.results).toHaveLength(1);
    expect(world.alone).toEqual([]);
  });
});
