import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import { createHybridLogicalClock, timestampOf, versionNode, zeroTimestamp } from '@kv/hlc';
import { WriteStatus } from '@kv/proto/internal';
import {
  bitAt,
  type HeadAnswer,
  type ReadAnswer,
  readAnswersOf,
  ReplicaUnreachable,
  type WriteAnswer,
  type WriteAnswers,
  writeAnswersOf,
  type WriteReply,
} from '@kv/replication';
import {
  encodeRecord,
  headOf,
  readRecord,
  readRecords,
  type RecordView,
  systemClock,
  systemTimers,
} from '@kv/storage';

import { type ChanneledReplica, createMemberChannel, type MemberChannel } from '../lanes/member-channel.js';
import { createReplicaService } from '../services/replica-service.js';
import type { PeerConnection, ReplicaService } from '../transport.js';
import { createRemoteReplica } from './remote-replica.js';

const clock = systemClock();
const clusterId = Buffer.alloc(16, 7);
const asker = versionNode({ member: 1, incarnation: 1 });
const asked = versionNode({ member: 2, incarnation: 1 });
const now = timestampOf(clock.nowMs());
const at = now;
const recordOf = (key: string, value = 'v') =>
  encodeRecord({
    key: Buffer.from(key),
    value: Buffer.from(value),
    version: { timestamp: now, node: asker },
  });
const record = recordOf('k');
const facts = { hlcTime: now, purgeFloor: zeroTimestamp, epoch: 1, incarnations: [] };
const deadlineMs = 1_000;
const standing = { judge: () => Promise.reject(new Error()), note: () => Promise.resolve() };

/** The way from a coordinator on member 1 to `replica` on member 2, without a network in between. */
function remote(
  replica: Partial<ChanneledReplica>,
  { self = asked, change }: { self?: number; change?: Partial<ReplicaService> } = {},
): MemberChannel {
  const hlc = createHybridLogicalClock({}, { clock });
  const service = {
    ...createReplicaService(
      { clusterId, self: () => self, incarnations: () => [] },
      { hlc, clock, replica: replica as ChanneledReplica, standing },
    ),
    ...change,
  };
  const context = { signal: new AbortController().signal, metadata: { get: () => undefined } };
  const connection = {
    write: (request) => service.write(request, context),
    repair: (request) => service.repair(request, context),
    read: (request) => service.read(request, context),
    scanPartition: (request) => service.scanPartition(request, context),
    digest: (request) => service.digest(request, context),
  } satisfies Partial<PeerConnection> as unknown as PeerConnection;
  const ports = { connection, hlc, clock, timers: systemTimers() };
  const options = { clusterId, self: () => asker, incarnations: () => [], member: 2 };
  return createMemberChannel({ member: 2 }, createRemoteReplica(options, ports), ports);
}

function write(channel: MemberChannel, bytes: Uint8Array, wantPrevious = false): Promise<WriteAnswer> {
  const bounds = { deadlineAtMs: clock.monotonicMs() + deadlineMs, tag: 1 };
  return new Promise((resolve) => {
    channel.write(
      { record: bytes, wantPrevious, ...bounds },
      { onAnswer: (_from, _tag, answer) => resolve(answer) },
    );
  });
}

function read(channel: MemberChannel, key: string, wantValue = true): Promise<ReadAnswer | HeadAnswer> {
  const bounds = { deadlineAtMs: clock.monotonicMs() + deadlineMs, tag: 1 };
  return new Promise((resolve) => {
    channel.read(
      { key: Buffer.from(key), at, wantValue, ...bounds },
      { onAnswer: (_from, _tag, answer) => resolve(answer) },
    );
  });
}

/** A replica that answers each record of a batch by itself. */
function writing(
  answer: (record: RecordView, wantPrevious: boolean) => WriteReply | undefined,
): Pick<ChanneledReplica, 'writeBatch'> {
  return {
    writeBatch: ({ records, wantPrevious }) =>
      Promise.resolve(
        writeAnswersOf(readRecords(records).map((one, index) => answer(one, bitAt(wantPrevious, index)))),
      ),
  };
}

describe('a remote replica', () => {
  const previous = readRecord(recordOf('k', 'old'));
  const replies: readonly WriteReply[] = [
    { ...facts, kind: 'stored', previous },
    { ...facts, kind: 'stored', previous: undefined },
    { ...facts, kind: 'already' },
    { ...facts, kind: 'newer', version: { timestamp: now, node: 5 }, previous },
    { ...facts, kind: 'newer', version: { timestamp: now, node: 5 }, previous: undefined },
    { ...facts, kind: 'below-floor', purgeFloor: now },
    { ...facts, kind: 'abstained' },
    { ...facts, kind: 'refused', code: 'memory-full' },
  ];

  it.each(replies)('brings back the reply $kind of writes and repairs', async (reply) => {
    const replica = remote({
      ...writing(() => reply),
      repairBatch: () => Promise.resolve(writeAnswersOf([reply])),
    });
    for (const got of [await write(replica, record, true), await replica.repair({ record, deadlineMs })]) {
      const { hlcTime, ...rest } = got as WriteReply;
      expect(hlcTime).toBeGreaterThanOrEqual(now);
      expect(simple(rest)).toEqual(simple({ ...reply, hlcTime: undefined }));
    }
  });

  it('gives each write of a message the reply that is its own', async () => {
    const replica = remote(
      writing(({ value }) => (value.length === 0 ? undefined : replies[value[0]! % replies.length])),
    );
    const values = Array.from({ length: 100 }, (_, index) => index % (replies.length + 1));
    const answers = await Promise.all(
      values.map((value) =>
        write(replica, recordOf('k', value === replies.length ? '' : String.fromCharCode(value))),
      ),
    );
    for (const [index, value] of values.entries()) {
      expect(answers[index]!.kind).toBe(replies[value]?.kind ?? 'unreachable');
    }
  });

  it('asks for the previous record of exactly those writes that want it', async () => {
    const wanted = new Map<string, boolean>();
    const replica = remote(
      writing(({ key }, wantPrevious) => {
        wanted.set(Buffer.from(key).toString(), wantPrevious);
        return { ...facts, kind: 'already' };
      }),
    );
    const writes = Array.from({ length: 100 }, (_, index) => ({
      key: `k${index}`,
      wantPrevious: index % 3 === 0,
    }));
    await Promise.all(writes.map(({ key, wantPrevious }) => write(replica, recordOf(key), wantPrevious)));
    expect([...wanted]).toEqual(writes.map(({ key, wantPrevious }) => [key, wantPrevious]));
  });

  it('brings back no previous record that is the expected one', async () => {
    const seen: unknown[] = [];
    const replica = remote({
      writeBatch: ({ wantPrevious, expected }) => {
        seen.push([...wantPrevious], expected?.length);
        return Promise.resolve({
          ...writeAnswersOf([
            { ...facts, kind: 'stored', previous },
            { ...facts, kind: 'stored', previous },
          ]),
          isAsExpected: (index) => index === 1,
        });
      },
    });
    const answers = await new Promise<WriteAnswers>((resolve) => {
      const request = { records: Buffer.concat([record, record]), count: 2, expected: Buffer.alloc(24) };
      const bounds = { deadlineAtMs: clock.monotonicMs() + deadlineMs, isLone: false };
      replica.writeMany({ ...request, ...bounds }, { onAnswers: (_from, got) => resolve(got) });
    });
    expect(seen).toEqual([[0xff], 24]);
    expect([0, 1].map((index) => answers.isAsExpected(index))).toEqual([false, true]);
    expect(answers.answerAt(0)).toMatchObject({ kind: 'stored', previous: { version: previous.version } });
    expect(answers.answerAt(1)).toMatchObject({ kind: 'stored', previous: undefined });
  });

  it('brings back what was read, or what identifies it, and that nothing was there', async () => {
    const found = readRecord(record);
    const replica = remote({
      readBatch: ({ keys, wantValue }) =>
        Promise.resolve(
          readAnswersOf(
            keys.map((key, index) => {
              if (key[0] !== 107) return { ...facts, kind: 'absent' };
              if (!bitAt(wantValue, index)) return { ...facts, kind: 'head', head: headOf(found) };
              return { ...facts, kind: 'found', record: found };
            }),
          ),
        ),
      scanPartition: ({ partition }) =>
        Promise.resolve(
          partition === 3
            ? { ...facts, kind: 'page', records: [found, found], more: true }
            : { ...facts, kind: 'refused', code: 'corrupt' },
        ),
    });
    const [there, absent, head] = await Promise.all([
      read(replica, 'k'),
      read(replica, 'x'),
      read(replica, 'k', false),
    ]);
    expect(there.kind === 'found' && Buffer.from(there.record.bytes).equals(record)).toBe(true);
    expect(absent.kind).toBe('absent');
    expect(head.kind === 'head' && head.head.version).toEqual(found.version);
    const page = { prefix: Buffer.alloc(0), after: Buffer.alloc(0), limit: 5, bytesMax: 100, at, deadlineMs };
    const scanned = await replica.scanPartition({ ...page, partition: 3 });
    expect(scanned).toMatchObject({ kind: 'page', more: true });
    expect(scanned.kind === 'page' && scanned.records).toHaveLength(2);
    expect(await replica.scanPartition({ ...page, partition: 4 })).toMatchObject({
      kind: 'refused',
      code: 'corrupt',
    });
  });

  it('does not call an append of unknown durability a refusal', async () => {
    const replica = remote(
      writing((_record, wantPrevious) => (wantPrevious ? undefined : { ...facts, kind: 'already' })),
    );
    const [lost, kept] = await Promise.all([write(replica, record, true), write(replica, record)]);
    expect(lost).toEqual({ kind: 'unreachable', sent: true });
    expect(kept).toMatchObject({ kind: 'already' });
  });

  it('takes an error for a refusal only if the peer says that nothing was applied', async () => {
    const failing = (error: Error) => remote({}, { change: { write: () => Promise.reject(error) } });
    const refused = new KvError('wrong-epoch', 'another cluster', { outcome: 'not-applied' });
    expect(await write(failing(refused), record)).toMatchObject({ kind: 'refused', code: 'wrong-epoch' });
    const defect = new KvError('internal', 'a defect');
    expect(await write(failing(defect), record)).toEqual({ kind: 'unreachable', sent: true });
    const unreachable = new ReplicaUnreachable('refused', { sent: false });
    expect(await write(failing(unreachable), record)).toEqual({ kind: 'unreachable', sent: false });
  });

  it('counts nothing that another member replied', async () => {
    const other = versionNode({ member: 3, incarnation: 1 });
    const replica = remote(
      writing(() => ({ ...facts, kind: 'stored' })),
      { self: other },
    );
    expect(await write(replica, record)).toEqual({ kind: 'unreachable', sent: true });
  });

  it('says that a damaged message was not applied', async () => {
    const corrupt = new KvError('corrupt', 'checksum mismatch');
    const replica = remote({ writeBatch: () => Promise.reject(corrupt) });
    expect(await write(replica, record)).toMatchObject({ kind: 'refused', code: 'corrupt' });
  });

  it.each([
    ['a version', { statuses: Buffer.of(WriteStatus.NEWER) }],
    ['a record', { statuses: Buffer.of(WriteStatus.STORED | 16) }],
  ])('believes nothing of a reply that lacks %s', async (_what, columns) => {
    const empty = Buffer.alloc(0);
    const results = { records: empty, newerVersions: empty, refusals: [], purgeFloors: [], ...columns };
    const header = { epoch: 1, from: asked, hlcTime: now, wallTimeMs: 0, incarnations: [] };
    const replica = remote({}, { change: { write: () => Promise.resolve({ header, results }) } });
    expect(await write(replica, record)).toEqual({ kind: 'unreachable', sent: true });
  });
});

/** Records compare by their bytes, and what is absent alike with what is undefined. */
function simple(reply: object): unknown {
  return JSON.parse(
    JSON.stringify(reply, (_, value: unknown) =>
      typeof value === 'object' && value !== null && 'bytes' in value
        ? Buffer.from(value.bytes as Uint8Array).toString('hex')
        : value,
    ),
  );
}
