import { describe, expect, it } from '@jest/globals';
import { physicalMs, plusMs, type Timestamp, timestampOf } from '@kv/hlc';

import type { ConsistencyLevel, GetResult, PutRequest, ScanPage } from '../src/index.js';
import { afterwardsMs, ownerTurnOperations } from '../src/limits.js';
import { bytes, type Cluster, createCluster, type Member, textOf } from './model/cluster.js';
import { epochMs } from './model/core-harness.js';

const key = bytes('k');
/** The coordinator's default: until then one timer watches over all operations, then only those that still run have one. */
const impatientAfterMs = 50;

function put(member: Member, value: string, more: Partial<PutRequest> = {}, call = {}) {
  const request = { key, value: bytes(value), consistency: 'quorum' as const, wantPrevious: true, ...more };
  return member.coordinator.put(request, call);
}

async function get(member: Member, consistency: ConsistencyLevel = 'quorum') {
  return shown(await member.coordinator.get({ key, consistency }));
}

function shown(result: GetResult): string | undefined {
  return result.found ? textOf(result.value) : undefined;
}

/** Runs the clock until the operation is over: some wait for impatience or their deadline. */
async function over<Result>(cluster: Cluster, operation: Promise<Result>): Promise<Result> {
  const state = { ended: false };
  const end = () => (state.ended = true);
  operation.then(end, end);
  for (let step = 0; step < 1_000 && !state.ended; step += 1) await cluster.timers.advanceAsync(10);
  return operation;
}

describe('basic operations through a coordinator', () => {
  it('what one member wrote, every other reads; previous values and tombstones follow', async () => {
    const { members } = await createCluster();
    const [a, b, c] = members as [Member, Member, Member];
    expect(await put(a, 'first')).toMatchObject({ previous: { kind: 'none' } });
    expect(await get(b)).toBe('first');
    const second = await put(c, 'second');
    expect(second.previous.kind === 'value' && textOf(second.previous.value)).toBe('first');
    const removed = await b.coordinator.delete({ key, consistency: 'all', wantPrevious: true });
    expect(removed.previous.kind === 'value' && textOf(removed.previous.value)).toBe('second');
    expect(await a.coordinator.get({ key, consistency: 'quorum' })).toMatchObject({
      found: false,
      version: removed.version,
    });
    expect(await b.coordinator.delete({ key, consistency: 'quorum', wantPrevious: true })).toMatchObject({
      previous: { kind: 'none' },
    });
  });

  it('a coordinator that is no replica', async () => {
    const { members } = await createCluster({ members: 5, owners: [2, 3, 4] });
    await put(members[0]!, 'x');
    expect(await get(members[4]!)).toBe('x');
    expect(members[0]!.engine.stats().keys).toBe(0);
  });

  it('rule 16: TTL counts from the stamp', async () => {
    const { clock, members } = await createCluster();
    const { version } = await put(members[0]!, 'x', { ttlMs: 1_000 });
    const result = await members[1]!.coordinator.get({ key, consistency: 'quorum' });
    expect(result).toMatchObject({ found: true, expiresAtMs: physicalMs(version.timestamp) + 1_000 });
    clock.advance(1_001);
    expect(await members[1]!.coordinator.get({ key, consistency: 'quorum' })).toMatchObject({
      found: false,
      version,
    });
  });

  it('a quorum read asks two owners, the others in turn, and compares the third a moment later', async () => {
    const cluster = await createCluster();
    const { members } = cluster;
    await put(members[0]!, 'x');
    const before = members.map(({ arrived }) => arrived.read);
    const asked = () => members.map(({ arrived }, index) => arrived.read - before[index]!);
    cluster.clock.advance(1_000);
    const compared = 20;
    for (let index = 0; index < compared; index += 1) expect(await get(members[0]!)).toBe('x');
    expect(asked().sort()).toEqual([0, compared, compared]);
    await cluster.timers.advanceAsync(afterwardsMs);
    expect(asked()).toEqual([compared, compared, compared]);
    for (let index = 0; index < ownerTurnOperations; index += 1) await get(members[0]!);
    expect(Math.min(...asked())).toBeGreaterThan(compared);
  });

  it('a quorum read asks the third owner at once if the second cannot be reached', async () => {
    const { members } = await createCluster();
    await put(members[0]!, 'x');
    members[2]!.link = 'down';
    for (let index = 0; index < 4; index += 1) expect(await get(members[0]!)).toBe('x');
  });

  it('a quorum read asks the third owner soon if the second hangs, and those that follow ask it first', async () => {
    const { members, timers } = await createCluster();
    const [a, b, c] = members as [Member, Member, Member];
    await put(a, 'x');
    // Whichever was next in turn.
    const hanging = b.arrived.read === c.arrived.read ? c : b;
    hanging.link = 'hangs';
    const reads = [get(a), get(a)];
    await timers.advanceAsync(10);
    expect(await Promise.all(reads)).toEqual(['x', 'x']);
    for (let index = 0; index < 4; index += 1) expect(await get(a)).toBe('x');
  });
});

describe('conflicts', () => {
  it('rule 2: a slow clock wins over an earlier write by one more round (timestamp ordering)', async () => {
    const { members } = await createCluster({ members: 5, owners: [1, 2, 3], skewsMs: [0, 0, 0, 200, -200] });
    const [, , , fast, slow] = members as [Member, Member, Member, Member, Member];
    const first = await put(fast, 'first');
    const second = await put(slow, 'second');
    expect(second.version.timestamp).toBeGreaterThan(first.version.timestamp);
    expect(second.previous.kind === 'value' && textOf(second.previous.value)).toBe('first');
    expect(await get(members[0]!)).toBe('second');
    expect(slow.coordinator.counters()).toMatchObject({ conflicts: 1, restamps: 1 });
  });

  it('rule 5: too slow a clock may not stamp above what it met: unknown, and counted', async () => {
    const { members } = await createCluster({ members: 5, owners: [1, 2, 3], skewsMs: [0, 0, 0, 300, -300] });
    await put(members[3]!, 'first');
    await expect(put(members[4]!, 'second')).rejects.toMatchObject({
      code: 'clock-drift',
      outcome: 'unknown',
    });
    expect(members[4]!.coordinator.counters()).toMatchObject({ driftRefusals: 1 });
    expect(await get(members[0]!)).toBe('first');
  });

  it('rule 12: a coordinator whose clock is too far ahead is refused by every replica: not applied', async () => {
    const { members } = await createCluster({ members: 4, skewsMs: [0, 0, 0, 900] });
    await expect(put(members[3]!, 'x')).rejects.toMatchObject({
      code: 'clock-drift',
      outcome: 'not-applied',
    });
    expect(await get(members[0]!)).toBeUndefined();
  });

  it('rule 11: stamps stay within what the client allows', async () => {
    const { members } = await createCluster();
    const now = timestampOf(epochMs);
    const { version } = await put(members[0]!, 'x', { stampAbove: plusMs(now, 100) });
    expect(version.timestamp).toBeGreaterThan(plusMs(now, 100));
    await expect(put(members[0]!, 'y', { stampNotAfter: plusMs(now, 50) })).rejects.toMatchObject({
      code: 'timeout',
      outcome: 'not-applied',
    });
    await expect(put(members[0]!, 'y', { stampAbove: plusMs(now, 900) })).rejects.toMatchObject({
      code: 'clock-drift',
      outcome: 'not-applied',
    });
  });
});

describe('replicas that fail', () => {
  it('one down: nothing is noticed, and a later read repairs it', async () => {
    const cluster = await createCluster();
    const [a, b, c] = cluster.members as [Member, Member, Member];
    await put(a, 'old');
    c.link = 'down';
    await put(a, 'new');
    c.link = 'up';
    expect(await get(c, 'one')).toBe('old');
    cluster.clock.advance(1_000);
    expect(await get(b)).toBe('new');
    await cluster.timers.advanceAsync(afterwardsMs);
    await cluster.settle();
    expect(await get(c, 'one')).toBe('new');
  });

  it('two down: required 2, received 1, outcome unknown; ONE still reads', async () => {
    const cluster = await createCluster();
    const [a, b, c] = cluster.members as [Member, Member, Member];
    await put(a, 'x');
    b.link = c.link = 'down';
    await expect(put(a, 'y')).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
      required: 2,
      received: 1,
    });
    await expect(get(a)).rejects.toMatchObject({ code: 'unavailable', required: 2, received: 1 });
    expect(await get(a, 'one')).toBe('y');
  });

  it('all down: not applied, because nothing was handed to any transport', async () => {
    const { members } = await createCluster({ members: 4 });
    for (const member of members) member.link = 'down';
    await expect(put(members[3]!, 'x')).rejects.toMatchObject({ outcome: 'not-applied', received: 0 });
  });

  it('rule 12: a link that broke after sending is unknown', async () => {
    const { members } = await createCluster({ members: 4 });
    for (const member of members) member.link = 'lost';
    await expect(put(members[3]!, 'x')).rejects.toMatchObject({ outcome: 'unknown', received: 0 });
    for (const member of members) member.link = 'up';
    expect(await get(members[0]!)).toBe('x');
  });

  it('one hangs: a conflict is solved after patience, and a deadline ends what cannot be', async () => {
    const cluster = await createCluster({ members: 5, owners: [1, 2, 3], skewsMs: [0, 0, 0, 200, -200] });
    const [, b, c, fast, slow] = cluster.members as [Member, Member, Member, Member, Member];
    b.link = 'down';
    await put(fast, 'first');
    b.link = 'up';
    c.link = 'hangs';
    const conflict = over(cluster, put(slow, 'second'));
    expect((await conflict).previous).toMatchObject({ kind: 'value' });
    b.link = 'hangs';
    await expect(over(cluster, put(fast, 'third'))).rejects.toMatchObject({
      code: 'timeout',
      outcome: 'unknown',
      received: 1,
    });
  });

  it('a ONE read goes to the next replica when the first hangs or is down', async () => {
    const cluster = await createCluster({ members: 4 });
    const [a, b, , outsider] = cluster.members as [Member, Member, Member, Member];
    await put(a, 'x');
    a.link = 'down';
    b.link = 'hangs';
    expect(await over(cluster, get(outsider, 'one'))).toBe('x');
  });

  it('with the configured share, the others are compared after a ONE read', async () => {
    const cluster = await createCluster({ compareShare: 1 });
    const [a, , c] = cluster.members as [Member, Member, Member];
    c.link = 'down';
    await put(a, 'x');
    c.link = 'up';
    expect(await get(a, 'one')).toBe('x');
    await cluster.settle();
    expect(a.coordinator.counters()).toMatchObject({ comparisons: 1 });
    expect(await get(c, 'one')).toBe('x');
  });

  it('replicas that never answer keep no answered read waiting beyond the bound', async () => {
    const cluster = await createCluster({ lateBytesMax: 2_048 });
    const [a, , c] = cluster.members as [Member, Member, Member];
    await put(a, 'x');
    c.link = 'hangs';
    for (let index = 0; index < 10; index += 1) {
      const reading = get(a);
      await cluster.timers.advanceAsync(10);
      expect(await reading).toBe('x');
    }
    await cluster.timers.advanceAsync(impatientAfterMs);
    expect(cluster.timers.pending).toBe(0);
  });
});

describe('the caller', () => {
  it('rule 4: gone before or while it is written, with an honest outcome', async () => {
    const cluster = await createCluster();
    const [a, b, c] = cluster.members as [Member, Member, Member];
    await expect(put(a, 'x', {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'timeout',
      outcome: 'not-applied',
    });
    b.link = c.link = 'hangs';
    const controller = new AbortController();
    const writing = put(a, 'x', {}, { signal: controller.signal });
    await cluster.settle();
    controller.abort(new Error('gone'));
    await expect(writing).rejects.toMatchObject({ outcome: 'unknown', cause: new Error('gone') });
    await cluster.timers.advanceAsync(impatientAfterMs);
    expect(cluster.timers.pending).toBe(0);
  });

  it('rule 4: a process that was paused stamps nothing past the deadline, though its timer is late', async () => {
    const { clock, members } = await createCluster({
      members: 5,
      owners: [1, 2, 3],
      skewsMs: [0, 0, 0, 200, -200],
    });
    const [a, , , fast, slow] = members as [Member, Member, Member, Member, Member];
    await put(fast, 'first');
    const write = a.replica.write.bind(a.replica);
    Object.assign(a.replica, {
      write: (operation: Parameters<typeof write>[0]) => {
        clock.advance(150);
        return write(operation);
      },
    });
    await expect(put(slow, 'second', {}, { timeoutMs: 100 })).rejects.toMatchObject({
      code: 'timeout',
      outcome: 'unknown',
    });
    expect(slow.coordinator.counters()).toMatchObject({ conflicts: 1, restamps: 0 });
  });

  it('rule 12: a stamp that waits for a disk until the deadline, or that the disk refuses, was sent to nobody', async () => {
    const stuck = await createCluster({ ceilings: { persistCeiling: () => new Promise(() => undefined) } });
    const writing = put(stuck.members[0]!, 'x', {}, { timeoutMs: 30 });
    const failed = expect(writing).rejects.toMatchObject({ code: 'timeout', outcome: 'not-applied' });
    await stuck.timers.advanceAsync(30);
    await failed;
    const broken = await createCluster({
      ceilings: { persistCeiling: () => Promise.reject(new Error('EIO')) },
    });
    await expect(put(broken.members[0]!, 'x')).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
    });
    expect(broken.members.map(({ arrived }) => arrived.write)).toEqual([0, 0, 0]);
  });

  it('a time of its own bounds the call', async () => {
    const cluster = await createCluster();
    for (const member of cluster.members) member.link = 'hangs';
    const reading = cluster.members[0]!.coordinator.get({ key, consistency: 'quorum' }, { timeoutMs: 30 });
    const failed = expect(reading).rejects.toMatchObject({ code: 'timeout', received: 0 });
    await cluster.timers.advanceAsync(30);
    await failed;
  });

  it.each<[string, Partial<PutRequest>]>([
    ['an empty key', { key: new Uint8Array(0) }],
    ['a key above 1 KiB', { key: new Uint8Array(1_025) }],
    ['a value above 1 MiB', { value: new Uint8Array(1_048_577) }],
    ['a negative time to live', { ttlMs: -1 }],
    ['a fractional time to live', { ttlMs: 0.5 }],
    ['an operation id of 15 bytes', { operationId: new Uint8Array(15) }],
    ['a stamp that is none', { stampAbove: 2 ** 53 }],
    ['a negative stamp', { stampNotAfter: -1 }],
  ])('boundary conditions: %s is refused, not applied', async (_name, wrong) => {
    const { members } = await createCluster();
    await expect(put(members[0]!, 'x', wrong)).rejects.toMatchObject({
      code: 'invalid-argument',
      outcome: 'not-applied',
    });
    expect(members.map(({ arrived }) => arrived.write)).toEqual([0, 0, 0]);
  });

  it('boundary conditions: the longest key and value are taken', async () => {
    const { members } = await createCluster();
    const largest = { key: new Uint8Array(1_024).fill(1), value: new Uint8Array(1_048_576).fill(2) };
    await put(members[0]!, '', largest);
    const result = await members[1]!.coordinator.get({ key: largest.key, consistency: 'all' });
    expect(result.found && Buffer.compare(result.value, largest.value)).toBe(0);
  });

  it.each<[string, Partial<PutRequest>]>([
    ['at another level', { consistency: 'quorum' }],
    ['that no server issued', { ticket: { timestamp: 0 as Timestamp, node: 1 } }],
    ['of node 0', { ticket: { timestamp: timestampOf(epochMs), node: 0 } }],
    ['beside a bound of the stamp', { stampAbove: timestampOf(epochMs) }],
  ])('boundary conditions: a ticket %s is refused, not applied', async (_name, wrong) => {
    const { members } = await createCluster();
    const ticket = { timestamp: timestampOf(epochMs), node: 1 };
    await expect(
      put(members[0]!, 'x', { consistency: 'linearizable', ticket, ...wrong }),
    ).rejects.toMatchObject({ code: 'invalid-argument', outcome: 'not-applied' });
    expect(members.map(({ arrived }) => arrived.write)).toEqual([0, 0, 0]);
  });

  it('rule 23: a scan is no linearizable read, and says so', async () => {
    const { members } = await createCluster();
    const pages = members[0]!.coordinator.scan({ consistency: 'linearizable' });
    await expect(pages.next()).rejects.toMatchObject({ code: 'unimplemented' });
  });
});

describe('scans', () => {
  async function keysOf(
    scan: AsyncGenerator<ScanPage>,
  ): Promise<{ keys: string[]; last: ScanPage | undefined }> {
    const keys: string[] = [];
    let last: ScanPage | undefined;
    for await (const page of scan) {
      keys.push(...page.entries.map((entry) => textOf(entry.key)));
      last = page;
    }
    return { keys, last };
  }

  async function filled(count: number): Promise<Cluster> {
    const cluster = await createCluster();
    for (let index = 0; index < count; index += 1) {
      // Each key misses one replica, so that no page is like another.
      cluster.members[index % 3]!.link = 'down';
      await put(cluster.members[(index + 1) % 3]!, String(index), { key: bytes(`k${index}`) });
      cluster.members[index % 3]!.link = 'up';
    }
    return cluster;
  }

  it('every key once, whichever replicas missed it, and the replicas are repaired behind it', async () => {
    const cluster = await filled(60);
    const coordinator = cluster.members[0]!.coordinator;
    const { keys, last } = await keysOf(coordinator.scan({ consistency: 'quorum' }));
    expect(last).toEqual({ entries: [], next: undefined });
    expect([...keys].sort()).toEqual(Array.from({ length: 60 }, (_, index) => `k${index}`).sort());
    await cluster.settle();
    expect(coordinator.counters().repairsDone).toBeGreaterThan(20);
  });

  it('repairs above the bound in flight are dropped and counted', async () => {
    const cluster = await createCluster({ repairBytesMax: 0 });
    const [a, , c] = cluster.members as [Member, Member, Member];
    c.link = 'down';
    await put(a, 'x');
    c.link = 'up';
    await keysOf(c.coordinator.scan({ consistency: 'quorum' }));
    expect(c.coordinator.counters()).toMatchObject({ repairsSent: 0, repairsDropped: 1 });
  });

  it('in parts, by limit and by where the last part ended', async () => {
    const cluster = await filled(40);
    const coordinator = cluster.members[1]!.coordinator;
    const whole = await keysOf(coordinator.scan({ consistency: 'quorum' }));
    const parts: string[] = [];
    let after: Uint8Array | undefined;
    do {
      const part = await keysOf(coordinator.scan({ consistency: 'all', limit: 7, after }));
      parts.push(...part.keys);
      after = part.last!.next;
    } while (after !== undefined);
    expect(parts).toEqual(whole.keys);
    const prefixed = await keysOf(coordinator.scan({ consistency: 'one', prefix: bytes('k1'), limit: 100 }));
    expect(prefixed.keys.every((found) => found.startsWith('k1'))).toBe(true);
  });

  it('tombstones and expired entries are left out', async () => {
    const cluster = await filled(10);
    const { coordinator } = cluster.members[0]!;
    await coordinator.delete({ key: bytes('k3'), consistency: 'quorum', wantPrevious: false });
    await put(cluster.members[0]!, 'x', { key: bytes('k4'), ttlMs: 10 });
    cluster.clock.advance(11);
    const { keys } = await keysOf(coordinator.scan({ consistency: 'quorum' }));
    expect(keys).toHaveLength(8);
    expect(keys).not.toContain('k3');
    expect(keys).not.toContain('k4');
  });

  it('goes on with one replica down, and fails with the facts when a quorum is', async () => {
    const cluster = await filled(10);
    cluster.members[2]!.link = 'down';
    const { coordinator } = cluster.members[0]!;
    expect((await keysOf(coordinator.scan({ consistency: 'quorum' }))).keys).toHaveLength(10);
    cluster.members[1]!.link = 'down';
    await expect(keysOf(coordinator.scan({ consistency: 'quorum' }))).rejects.toMatchObject({
      code: 'unavailable',
      required: 2,
      received: 1,
    });
  });
});
