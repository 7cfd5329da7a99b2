import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import { createHybridLogicalClock, timestampOf, versionNode, zeroTimestamp } from '@kv/hlc';
import { type ComparableReplica, ReplicaUnreachable, type WriteReply } from '@kv/replication';
import { encodeRecord, readRecord, systemClock, systemTimers } from '@kv/storage';

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
  replica: Partial<ComparableReplica>,
  { self = asked, change }: { self?: number; change?: Partial<ReplicaService> } = {},
): ComparableReplica {
  const hlc = createHybridLogicalClock({}, { clock });
  const service = {
    ...createReplicaService(
      { clusterId, self: () => self, incarnations: () => [] },
      { hlc, clock, replica: replica as ComparableReplica, standing },
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
  return createRemoteReplica({ clusterId, self: () => asker, incarnations: () => [], member: 2 }, ports);
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
    const replica = remote({ write: () => Promise.resolve(reply), repair: () => Promise.resolve(reply) });
    for (const got of [
      await replica.write({ record, wantPrevious: true, deadlineMs }),
      await replica.repair({ record, deadlineMs }),
    ]) {
      const { hlcTime, ...rest } = got;
      expect(hlcTime).toBeGreaterThanOrEqual(now);
      expect(simple(rest)).toEqual(simple({ ...reply, hlcTime: undefined }));
    }
  });

  it('asks for the previous record of exactly those writes that want it', async () => {
    const wanted = new Map<string, boolean>();
    const replica = remote({
      write: ({ record: bytes, wantPrevious }) => {
        wanted.set(Buffer.from(readRecord(bytes).key).toString(), wantPrevious);
        return Promise.resolve({ ...facts, kind: 'already' });
      },
    });
    const writes = Array.from({ length: 100 }, (_, index) => ({
      record: recordOf(`k${index}`),
      wantPrevious: index % 3 === 0,
      deadlineMs,
    }));
    await Promise.all(writes.map((write) => replica.write(write)));
    expect([...wanted]).toEqual(writes.map(({ wantPrevious }, index) => [`k${index}`, wantPrevious]));
  });

  it('brings back what was read, and that nothing was there', async () => {
    const found = readRecord(record);
    const replica = remote({
      read: ({ key }) =>
        Promise.resolve(
          key[0] === 107 ? { ...facts, kind: 'found', record: found } : { ...facts, kind: 'absent' },
        ),
      scanPartition: ({ partition }) =>
        Promise.resolve(
          partition === 3
            ? { ...facts, kind: 'page', records: [found, found], more: true }
            : { ...facts, kind: 'refused', code: 'corrupt' },
        ),
    });
    const [there, absent] = await Promise.all([
      replica.read({ key: Buffer.from('k'), at, deadlineMs }),
      replica.read({ key: Buffer.from('x'), at, deadlineMs }),
    ]);
    expect(there.kind === 'found' && Buffer.from(there.record.bytes).equals(record)).toBe(true);
    expect(absent.kind).toBe('absent');
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
    const replica = remote({
      write: ({ wantPrevious }) =>
        wantPrevious
          ? Promise.reject(new ReplicaUnreachable('not known to be durable', { sent: true }))
          : Promise.resolve({ ...facts, kind: 'already' }),
    });
    const [lost, kept] = await Promise.allSettled([
      replica.write({ record, wantPrevious: true, deadlineMs }),
      replica.write({ record, wantPrevious: false, deadlineMs }),
    ]);
    expect(lost).toMatchObject({ status: 'rejected', reason: { name: 'ReplicaUnreachable', sent: true } });
    expect(kept).toMatchObject({ status: 'fulfilled', value: { kind: 'already' } });
  });

  it('takes an error for a refusal only if the peer says that nothing was applied', async () => {
    const failing = (error: Error) => remote({}, { change: { write: () => Promise.reject(error) } });
    const write = (replica: ComparableReplica) => replica.write({ record, wantPrevious: false, deadlineMs });
    const refused = new KvError('wrong-epoch', 'another cluster', { outcome: 'not-applied' });
    expect(await write(failing(refused))).toMatchObject({ kind: 'refused', code: 'wrong-epoch' });
    const defect = new KvError('internal', 'a defect');
    await expect(write(failing(defect))).rejects.toMatchObject({ name: 'ReplicaUnreachable', sent: true });
    const unreachable = new ReplicaUnreachable('refused', { sent: false });
    await expect(write(failing(unreachable))).rejects.toBe(unreachable);
  });

  it('counts nothing that another member replied', async () => {
    const other = versionNode({ member: 3, incarnation: 1 });
    const replica = remote({ write: () => Promise.resolve({ ...facts, kind: 'stored' }) }, { self: other });
    const write = replica.write({ record, wantPrevious: false, deadlineMs });
    await expect(write).rejects.toMatchObject({ name: 'ReplicaUnreachable', sent: true });
  });

  it('hands a damaged record to nobody', async () => {
    const handed: unknown[] = [];
    const replica = remote({
      write: (operation) => {
        handed.push(operation);
        return Promise.resolve({ ...facts, kind: 'stored' });
      },
    });
    const damaged = Uint8Array.from(record);
    damaged[33]! ^= 1;
    const writes = [record, damaged].map((bytes) =>
      replica.write({ record: bytes, wantPrevious: false, deadlineMs }),
    );
    for (const reply of await Promise.all(writes))
      expect(reply).toMatchObject({ kind: 'refused', code: 'corrupt' });
    expect(handed).toHaveLength(0);
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
