import { describe, expect, it } from '@jest/globals';
import { createHybridLogicalClock, timestampOf } from '@kv/hlc';
import { type LogPosition, openEngine, partitionOfHash, type RecordView } from '@kv/storage';
import { createManualClock, createManualTimers } from '@kv/testing';

import { at, epochMs, recordAt } from '../../test/model/core-harness.js';
import { keyBytesMax, valueBytesMax } from '../limits.js';
import type { WriteAnswers } from './answers.js';
import type { WriteAnswer } from './channel.js';
import { createLocalReplica } from './local-replica.js';
import { versionBytes, writeVersion } from './version-column.js';

const key = new TextEncoder().encode('k');
const bounds = { deadlineMs: 0 };

interface Overrides {
  readonly partitions?: number;
  readonly owns?: boolean;
  readonly suspect?: boolean;
  readonly admitted?: boolean;
}

/** A real engine whose syncs happen when the test says so. */
async function setUp(overrides: Overrides = {}) {
  const clock = createManualClock({ nowMs: epochMs });
  const engine = await openEngine(
    { directory: ':memory:', partitions: overrides.partitions ?? 1, snapshotIntervalMs: 0 },
    { fileSystem: undefined as never, clock, timers: createManualTimers(clock) },
  );
  let synced = Infinity;
  let failure: Error | undefined;
  let waiting: { position: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  const ceilings: number[] = [];
  const suspect = new Set(overrides.suspect === true ? [0] : []);
  const held = new Proxy(engine, {
    get(target, name) {
      if (name === 'isDurable') return (position: LogPosition) => position <= synced;
      if (name === 'durable') {
        return (position: LogPosition) =>
          position <= synced
            ? Promise.resolve()
            : new Promise<void>((resolve, reject) => waiting.push({ position, resolve, reject }));
      }
      if (name === 'suspectPartitions') return suspect;
      if (name === 'persistCeiling') return (ceiling: number) => Promise.resolve(void ceilings.push(ceiling));
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  const hlc = createHybridLogicalClock({}, { clock });
  const view = {
    epoch: () => 3,
    owns: () => overrides.owns ?? true,
    incarnations: () => [{ member: 1, incarnation: 2 }],
    isAdmitted: () => overrides.admitted ?? true,
  };
  return {
    clock,
    engine: held,
    hlc,
    ceilings,
    replica: createLocalReplica({ engine: held, hlc, clock, view }),
    doubt: () => suspect.add(0),
    holdSyncs: () => (synced = 0),
    sync: () => {
      synced = Infinity;
      for (const { resolve, reject } of waiting) {
        if (failure === undefined) resolve();
        else reject(failure);
      }
      waiting = [];
    },
    failSyncs: (error: Error) => (failure = error),
  };
}

async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const mark = () => (settled = true);
  promise.then(mark, mark);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  return settled;
}

describe('rule 7: a replica shows durable state only', () => {
  it('rule 7: stored, already and newer wait for the sync of what they tell', async () => {
    const { replica, holdSyncs, sync } = await setUp();
    holdSyncs();
    const write = (tick: number) =>
      replica.write({ record: recordAt(tick).bytes, wantPrevious: true, ...bounds });
    const replies = [write(10), write(10), write(5)];
    for (const reply of replies) expect(await isSettled(reply)).toBe(false);
    sync();
    expect((await Promise.all(replies)).map(({ kind }) => kind)).toEqual(['stored', 'already', 'newer']);
    expect(await write(20)).toMatchObject({ kind: 'stored', previous: { version: recordAt(10).version } });
  });

  it('rule 7: a read waits too, and shows what it read, not what came in meanwhile', async () => {
    const { replica, engine, holdSyncs, sync } = await setUp();
    holdSyncs();
    engine.apply(recordAt(10).bytes);
    const reading = replica.read({ key, at: at(0), ...bounds });
    engine.apply(recordAt(20).bytes);
    expect(await isSettled(reading)).toBe(false);
    sync();
    expect(await reading).toMatchObject({ kind: 'found', record: { version: recordAt(10).version } });
  });

  it('rule 7: a page of a scan waits for its newest record', async () => {
    const { replica, engine, holdSyncs, sync } = await setUp();
    holdSyncs();
    engine.apply(recordAt(10).bytes);
    const noBytes = new Uint8Array(0);
    const operation = { partition: 0, prefix: noBytes, after: noBytes, limit: 10, bytesMax: 1e6, at: at(0) };
    const page = replica.scanPartition({ ...operation, ...bounds });
    expect(await isSettled(page)).toBe(false);
    sync();
    expect(await page).toMatchObject({
      kind: 'page',
      more: false,
      records: [{ version: recordAt(10).version }],
    });
  });

  it('rule 12: an append whose sync failed is no refusal: nothing is known of it', async () => {
    const { replica, holdSyncs, failSyncs, sync } = await setUp();
    holdSyncs();
    failSyncs(Object.assign(new Error('no space'), { name: 'KvError', code: 'disk-full' }));
    const writing = replica.write({ record: recordAt(10).bytes, wantPrevious: false, ...bounds });
    await isSettled(writing);
    sync();
    await expect(writing).rejects.toMatchObject({ name: 'ReplicaUnreachable', sent: true });
  });
});

describe('what a replica refuses, before it appends', () => {
  it('drift: a direct write too far ahead, unmerged; a repair of the same record is taken', async () => {
    const { replica, hlc, engine } = await setUp();
    const record = recordAt(501).bytes;
    expect(await replica.write({ record, wantPrevious: false, ...bounds })).toMatchObject({
      code: 'clock-drift',
    });
    expect(engine.get(key)).toBeUndefined();
    expect(await replica.repair({ record, ...bounds })).toMatchObject({ kind: 'stored' });
    expect(hlc.current()).toBe(timestampOf(epochMs));
  });

  it('the clock is merged by a direct write at the bound (boundary conditions)', async () => {
    const { replica, hlc } = await setUp();
    const record = recordAt(500).bytes;
    expect(await replica.write({ record, wantPrevious: false, ...bounds })).toMatchObject({
      kind: 'stored',
      hlcTime: at(500),
      epoch: 3,
    });
    expect(hlc.now()).toBeGreaterThan(at(500));
  });

  it('a partition that it does not own, or bytes that are no record', async () => {
    const record = recordAt(10).bytes;
    const stranger = await setUp({ owns: false });
    const write = { record, wantPrevious: false, ...bounds };
    expect(await stranger.replica.write(write)).toMatchObject({ kind: 'refused', code: 'wrong-epoch' });
    const flipped = record.slice();
    flipped[33]! ^= 1;
    const sound = await setUp();
    expect(await sound.replica.write({ ...write, record: flipped })).toMatchObject({ code: 'corrupt' });
    const two = Buffer.concat([record, record]);
    expect(await sound.replica.repair({ record: two, ...bounds })).toMatchObject({ code: 'corrupt' });
  });

  it.each([
    ['an empty key', { key: '' }],
    ['a key over the limit', { key: 'k'.repeat(keyBytesMax + 1) }],
    ['a value over the limit', { value: 'v'.repeat(valueBytesMax + 1) }],
  ])('%s, written directly or as a repair', async (_, options) => {
    const { replica, engine } = await setUp();
    const { bytes: record } = recordAt(10, options);
    const refused = { kind: 'refused', code: 'invalid-argument' };
    expect(await replica.write({ record, wantPrevious: false, ...bounds })).toMatchObject(refused);
    expect(await replica.repair({ record, ...bounds })).toMatchObject(refused);
    expect([...engine.scanPartition(0, {})]).toEqual([]);
  });

  it('not the largest key and value', async () => {
    const { replica } = await setUp();
    const largest = { key: 'k'.repeat(keyBytesMax), value: 'v'.repeat(valueBytesMax) };
    const { bytes: record } = recordAt(10, largest);
    expect(await replica.write({ record, wantPrevious: false, ...bounds })).toMatchObject({ kind: 'stored' });
    expect(await replica.repair({ record, ...bounds })).toMatchObject({ kind: 'already' });
  });

  it.each([-1, 1, 0.5, 2 ** 32])('a scan of partition %d of one, unmerged', async (partition) => {
    const { replica, hlc } = await setUp();
    const none = new Uint8Array(0);
    const operation = { partition, prefix: none, after: none, limit: 10, bytesMax: 1e6, at: at(400) };
    const refused = { kind: 'refused', code: 'invalid-argument' };
    expect(await replica.scanPartition({ ...operation, ...bounds })).toMatchObject(refused);
    expect(hlc.current()).toBe(at(0));
    // Not as one that another member owns: nobody does.
    const stranger = await setUp({ owns: false });
    expect(await stranger.replica.scanPartition({ ...operation, ...bounds })).toMatchObject(refused);
  });

  it('work that nobody waits for', async () => {
    const { replica } = await setUp();
    const signal = AbortSignal.abort();
    await expect(replica.read({ key, at: at(0), deadlineMs: 5, signal })).rejects.toMatchObject({
      sent: false,
    });
  });
});

describe('rule 14: a suspect replica', () => {
  const none = new Uint8Array(0);
  const page = { partition: 0, prefix: none, after: none, limit: 10, bytesMax: 1e6, at: at(0), ...bounds };

  it.each([
    ['a suspect partition', { suspect: true }],
    ['a directory that no peer has confirmed', { admitted: false }],
  ])('rule 14: stores what it receives and abstains: %s', async (_, state) => {
    const { replica, engine } = await setUp(state);
    const record = recordAt(10).bytes;
    expect(await replica.write({ record, wantPrevious: true, ...bounds })).toMatchObject({
      kind: 'abstained',
      incarnations: [{ member: 1, incarnation: 2 }],
    });
    expect(await replica.repair({ record, ...bounds })).toMatchObject({ kind: 'abstained' });
    expect(engine.get(key)?.record.version).toEqual(recordAt(10).version);
    const refused = { kind: 'refused', code: 'unavailable' };
    expect(await replica.read({ key, at: at(0), ...bounds })).toMatchObject(refused);
    expect(await replica.scanPartition(page)).toMatchObject(refused);
    expect(await replica.scanPartition({ ...page, rebuild: true })).toMatchObject({
      kind: 'page',
      suspect: true,
      records: [{ version: recordAt(10).version }],
    });
  });

  it('rule 14: abstains too if it became suspect while the reply waited for a sync', async () => {
    const { replica, holdSyncs, sync, doubt } = await setUp();
    holdSyncs();
    const writing = replica.write({ record: recordAt(10).bytes, wantPrevious: false, ...bounds });
    const reading = replica.read({ key, at: at(0), ...bounds });
    await isSettled(writing);
    doubt();
    sync();
    expect(await writing).toMatchObject({ kind: 'abstained' });
    expect(await reading).toMatchObject({ kind: 'refused', code: 'unavailable' });
  });
});

describe('rule 16: time that a read merged', () => {
  it("rule 16: the reader's time is merged and told, or refused as drift", async () => {
    const { replica } = await setUp();
    expect(await replica.read({ key, at: at(400), ...bounds })).toMatchObject({
      kind: 'absent',
      hlcTime: at(400),
    });
    expect(await replica.read({ key, at: at(501), ...bounds })).toMatchObject({ code: 'clock-drift' });
  });

  it('rule 16: it outlives a crash where a record expires within it (TTL)', async () => {
    const { replica, engine, ceilings } = await setUp();
    engine.apply(recordAt(10, { expiresAtTick: 300 }).bytes);
    await replica.read({ key, at: at(299), ...bounds });
    expect(ceilings).toEqual([]);
    await replica.read({ key, at: at(300), ...bounds });
    expect(ceilings).toEqual([at(300)]);
    await replica.read({ key, at: at(300), ...bounds });
    expect(ceilings).toEqual([at(300)]);
  });
});

function listed(answers: WriteAnswers, count: number): readonly WriteAnswer[] {
  return Array.from({ length: count }, (_, index) => answers.answerAt(index));
}

describe('a batch of writes', () => {
  const records = (...ticks: number[]) => Buffer.concat(ticks.map((tick) => recordAt(tick).bytes));
  const none = new Uint8Array(0);

  it('answers each record by itself, once all of them are durable', async () => {
    const { replica, holdSyncs, sync } = await setUp();
    holdSyncs();
    const batch = { records: records(10, 30, 30, 20), wantPrevious: Uint8Array.of(0b1010), ...bounds };
    const writing = replica.writeBatch(batch);
    expect(await isSettled(writing)).toBe(false);
    sync();
    expect(listed(await writing, 4)).toMatchObject([
      { kind: 'stored', previous: undefined },
      { kind: 'stored', previous: { version: recordAt(10).version } },
      { kind: 'already' },
      { kind: 'newer', version: recordAt(30).version, previous: { version: recordAt(30).version } },
    ]);
  });

  it('rule 14: one whose partition is sound replaced what was expected, though another of the message abstains', async () => {
    const { replica, engine } = await setUp({ partitions: 2, suspect: true });
    const recordOf = (partition: number, tick: number): RecordView => {
      for (let name = 0; ; name += 1) {
        const record = recordAt(tick, { key: `${name}` });
        if (partitionOfHash(record.keyHash, 2) === partition) return record;
      }
    };
    engine.apply(recordOf(1, 10).bytes);
    const expected = new Uint8Array(2 * versionBytes);
    writeVersion(expected, 1, recordOf(1, 10).version);
    const records = Buffer.concat([recordOf(0, 20).bytes, recordOf(1, 20).bytes]);
    const batch = { records, wantPrevious: Uint8Array.of(0b11), expected, ...bounds };
    const answers = await replica.writeBatch(batch);
    expect([answers.isAsExpected(0), answers.isAsExpected(1)]).toEqual([false, true]);
    expect(listed(answers, 2)).toMatchObject([{ kind: 'abstained' }, { kind: 'stored' }]);
  });

  it('says which of them replaced what was expected', async () => {
    const { replica } = await setUp();
    const expected = new Uint8Array(4 * versionBytes);
    // Of the first nothing, of the second the first, of the third something else; the fourth meets something newer.
    writeVersion(expected, 1, recordAt(10).version);
    writeVersion(expected, 2, recordAt(10).version);
    const batch = { records: records(10, 20, 30, 25), wantPrevious: Uint8Array.of(0b1111), ...bounds };
    const answers = await replica.writeBatch({ ...batch, expected });
    expect([0, 1, 2, 3].map((index) => answers.isAsExpected(index))).toEqual([true, true, false, false]);
    expect(answers.answerAt(2)).toMatchObject({
      kind: 'stored',
      previous: { version: recordAt(20).version },
    });
    const unasked = await replica.writeBatch({ ...batch, records: records(40) });
    expect(unasked.isAsExpected(0)).toBe(false);
  });

  it('refuses what this member does not own, or what is too far ahead, and takes in the rest', async () => {
    const stranger = await setUp({ owns: false });
    const batch = { records: records(10), wantPrevious: none, ...bounds };
    expect(listed(await stranger.replica.writeBatch(batch), 1)).toMatchObject([
      { kind: 'refused', code: 'wrong-epoch' },
    ]);
    const { replica, engine } = await setUp();
    const mixed = { records: records(10, 900), wantPrevious: none, ...bounds };
    expect(listed(await replica.writeBatch(mixed), 2)).toMatchObject([
      { kind: 'stored' },
      { kind: 'refused', code: 'clock-drift' },
    ]);
    expect(engine.get(key)?.record.version).toEqual(recordAt(10).version);
  });

  it('hands nothing of a damaged message to the engine', async () => {
    const { replica, engine } = await setUp();
    const damaged = records(10, 20);
    damaged[damaged.length - 9]! ^= 1;
    const batch = { records: damaged, wantPrevious: none, ...bounds };
    await expect(replica.writeBatch(batch)).rejects.toMatchObject({ code: 'corrupt' });
    expect(engine.get(key)).toBeUndefined();
  });

  it('rule 12: knows nothing of what was appended and then not synced', async () => {
    const { replica, holdSyncs, sync, failSyncs } = await setUp();
    holdSyncs();
    failSyncs(new Error('no'));
    const writing = replica.writeBatch({ records: records(10, 900), wantPrevious: none, ...bounds });
    sync();
    expect(listed(await writing, 2)).toMatchObject([
      { kind: 'unreachable', sent: true },
      { kind: 'refused' },
    ]);
  });

  it('rule 14: abstains where it may have lost records', async () => {
    const { replica } = await setUp({ suspect: true });
    const batch = { records: records(10), wantPrevious: none, ...bounds };
    expect(listed(await replica.writeBatch(batch), 1)).toMatchObject([{ kind: 'abstained' }]);
  });
});
