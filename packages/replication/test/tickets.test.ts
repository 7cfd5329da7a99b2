import { describe, expect, it } from '@jest/globals';
import { compareVersions, physicalMs, plusMs, timestampOf, type Version } from '@kv/hlc';

import type { GetResult, PutRequest } from '../src/index.js';
import { bytes, createCluster, type Member, textOf } from './model/cluster.js';
import { epochMs } from './model/core-harness.js';

const key = bytes('k');
/** The coordinator's default: until then one timer watches over all operations, then only those that still run have one. */
const impatientAfterMs = 50;
const base = { key, consistency: 'linearizable' as const, wantPrevious: true };

function put(member: Member, value: string, more: Partial<PutRequest> = {}, call = {}) {
  return member.coordinator.put({ ...base, value: bytes(value), ...more }, call);
}

async function get(member: Member) {
  const result: GetResult = await member.coordinator.get(base);
  return result.found ? textOf(result.value) : undefined;
}

async function ticketOf(member: Member): Promise<Version> {
  return (await member.coordinator.ticket({ key })).ticket;
}

/** The record's bytes at each member. */
function held({ members }: { readonly members: readonly Member[] }) {
  return members.map(({ engine }) => {
    const record = engine.get(key)?.record;
    return record === undefined ? undefined : Buffer.from(record.bytes).toString('hex');
  });
}

describe('rule 10: tickets', () => {
  it('rule 10: a ticket is above what any coordinator wrote before, whatever the clocks', async () => {
    const { members } = await createCluster({ members: 5, owners: [1, 2, 3], skewsMs: [0, 0, 0, 200, -200] });
    const [, , , fast, slow] = members as [Member, Member, Member, Member, Member];
    const first = await put(fast, 'first');
    const ticket = await ticketOf(slow);
    expect(compareVersions(ticket, first.version)).toBeGreaterThan(0);
    const second = await put(members[0]!, 'second', { ticket });
    expect(second.version).toEqual(ticket);
    expect(second.previous.kind === 'value' && textOf(second.previous.value)).toBe('first');
    expect(members[0]!.coordinator.counters()).toMatchObject({ conflicts: 0, restamps: 0 });
    expect(await get(members[1]!)).toBe('second');
  });

  it('rule 10: obtaining one writes nothing', async () => {
    const cluster = await createCluster();
    await ticketOf(cluster.members[0]!);
    expect(cluster.members.map(({ arrived }) => arrived.write)).toEqual([0, 0, 0]);
    expect(cluster.members[0]!.coordinator.counters()).toMatchObject({ tickets: 1 });
  });

  it('rule 10: the same store through every coordinator is one version with the same bytes, expiry included', async () => {
    const cluster = await createCluster();
    const [a, b, c] = cluster.members as [Member, Member, Member];
    const ticket = await ticketOf(a);
    const operationId = new Uint8Array(16).fill(3);
    for (const member of [a, b, c]) {
      const { version } = await put(member, 'x', { ticket, ttlMs: 60_000, operationId });
      expect(version).toEqual(ticket);
      cluster.clock.advance(150);
    }
    await cluster.settle();
    const [bytesAtA, ...others] = held(cluster);
    expect(others).toEqual([bytesAtA, bytesAtA]);
    const result = await a.coordinator.get(base);
    expect(result).toMatchObject({ found: true, expiresAtMs: physicalMs(ticket.timestamp) + 60_000 });
  });

  it('rule 10: a store that returns after a later write is acknowledged, and takes no effect a second time', async () => {
    const { members } = await createCluster();
    const [a, b, c] = members as [Member, Member, Member];
    const ticket = await ticketOf(a);
    await put(a, 'first', { ticket });
    await put(b, 'second');
    const again = await put(c, 'first', { ticket });
    expect(again).toMatchObject({ version: ticket, previous: { kind: 'unknown' } });
    for (const member of [a, b, c]) expect(await get(member)).toBe('second');
  });

  it('rule 10: the ticket of a client that gave up may take effect later, and only once', async () => {
    const cluster = await createCluster();
    const [a, b, c] = cluster.members as [Member, Member, Member];
    await put(a, 'before');
    const ticket = await ticketOf(a);
    // The store reached one replica only, and the client gave up.
    b.link = c.link = 'down';
    await expect(put(a, 'abandoned', { ticket })).rejects.toMatchObject({ outcome: 'unknown' });
    b.link = c.link = 'up';
    a.link = 'down';
    expect(await get(b)).toBe('before');
    a.link = 'up';
    c.link = 'down';
    expect(await get(b)).toBe('abandoned'); // Written back: from now on it is there for every reader.
    c.link = 'up';
    a.link = 'down';
    expect(await get(c)).toBe('abandoned');
    a.link = 'up';
    await put(b, 'after');
    expect(await get(a)).toBe('after');
  });

  it('rules 10, 5: a ticket beyond the clocks of the replicas has expired: unknown, never stamped anew', async () => {
    const cluster = await createCluster();
    const { members } = cluster;
    const ticket = { timestamp: plusMs(timestampOf(epochMs), 900), node: 65_537 };
    const storing = put(members[0]!, 'x', { ticket });
    await expect(storing).rejects.toMatchObject({ code: 'clock-drift', outcome: 'unknown' });
    await expect(storing).rejects.toThrow(/ticket expired/);
    expect(held(cluster)).toEqual([undefined, undefined, undefined]);
    // The same ticket is good once the clocks have come near: a retry with it is still the same write.
    cluster.clock.advance(500);
    expect((await put(members[1]!, 'x', { ticket })).version).toEqual(ticket);
  });

  it('rules 10, 11: a ticket keeps to the bounds of the caller', async () => {
    const { members } = await createCluster();
    const now = timestampOf(epochMs);
    const { coordinator } = members[0]!;
    const { ticket } = await coordinator.ticket({ key, stampAbove: plusMs(now, 100) });
    expect(ticket.timestamp).toBeGreaterThan(plusMs(now, 100));
    const failures = [
      [{ stampNotAfter: plusMs(now, 50) }, 'timeout'],
      [{ stampAbove: plusMs(now, 900) }, 'clock-drift'],
    ] as const;
    for (const [bounds, code] of failures) {
      const failure = { code, outcome: 'not-applied' };
      await expect(coordinator.ticket({ key, ...bounds })).rejects.toMatchObject(failure);
      await expect(put(members[0]!, 'x', bounds)).rejects.toMatchObject(failure);
    }
  });

  it('where the clock is out of its range altogether there is none, and nothing was applied', async () => {
    const { members } = await createCluster({ members: 4, skewsMs: [0, 0, 0, -epochMs] });
    const failure = { code: 'clock-drift', outcome: 'not-applied' };
    await expect(ticketOf(members[3]!)).rejects.toMatchObject(failure);
    await expect(put(members[3]!, 'x')).rejects.toMatchObject(failure);
  });

  it('without a quorum there is none, and nothing was applied', async () => {
    const cluster = await createCluster();
    const [a, b, c] = cluster.members as [Member, Member, Member];
    b.link = c.link = 'down';
    const failure = { code: 'unavailable', outcome: 'not-applied', required: 2, received: 1 };
    await expect(ticketOf(a)).rejects.toMatchObject(failure);
    await expect(put(a, 'x')).rejects.toMatchObject(failure);
    b.link = c.link = 'hangs';
    const late = put(a, 'x', {}, { timeoutMs: 30 });
    const failed = expect(late).rejects.toMatchObject({ code: 'timeout', outcome: 'not-applied' });
    await cluster.timers.advanceAsync(30);
    await failed;
    const controller = new AbortController();
    const given = put(a, 'x', {}, { signal: controller.signal });
    controller.abort(new Error('gone'));
    await expect(given).rejects.toMatchObject({ outcome: 'not-applied', cause: new Error('gone') });
    await cluster.timers.advanceAsync(impatientAfterMs);
    expect(cluster.timers.pending).toBe(0);
  });
});

describe('level LINEARIZABLE without a ticket', () => {
  it('does both rounds in the coordinator, deletes too', async () => {
    const { members } = await createCluster();
    const [a, b, c] = members as [Member, Member, Member];
    await put(a, 'x');
    expect(await get(b)).toBe('x');
    const removed = await c.coordinator.delete(base);
    expect(removed.previous.kind === 'value' && textOf(removed.previous.value)).toBe('x');
    expect(await get(a)).toBeUndefined();
    expect(members.map(({ coordinator }) => coordinator.counters().tickets)).toEqual([1, 0, 1]);
  });

  it('both rounds share the time of one call', async () => {
    const cluster = await createCluster();
    const [a, b, c] = cluster.members as [Member, Member, Member];
    let answer: (() => void) | undefined;
    const query = new Promise<void>((resolve) => (answer = resolve));
    const read = b.replica.read.bind(b.replica);
    Object.assign(b.replica, {
      read: async (operation: Parameters<typeof read>[0]) => {
        await query;
        return read(operation);
      },
    });
    c.link = 'down';
    const writing = put(a, 'x', {}, { timeoutMs: 100 });
    const failed = expect(writing).rejects.toMatchObject({ code: 'timeout', outcome: 'unknown' });
    await cluster.timers.advanceAsync(80);
    b.link = 'hangs';
    answer?.();
    await cluster.settle();
    await cluster.timers.advanceAsync(19);
    expect(cluster.timers.pending).toBe(1);
    await cluster.timers.advanceAsync(1);
    await failed;
  });
});
