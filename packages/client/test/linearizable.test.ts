import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import type { DeleteRequest, PutRequest, TicketRequest } from '@kv/proto';
import fc from 'fast-check';

import { KvClient } from '../src/index.js';
import { createFakeCluster, type FakeCluster, type Fault } from './fake-cluster.js';

const endpoints = ['a:1', 'b:1', 'c:1'];
const linearizable = { consistency: 'linearizable' } as const;
const lost = { failAfter: new KvError('unavailable', 'connection dropped') };
const refused = { fail: new KvError('overloaded', 'full', { outcome: 'not-applied' }) };
const expired = { fail: new KvError('clock-drift', 'ticket expired', { outcome: 'unknown' }) };

function requests<R>(cluster: FakeCluster, method: string): R[] {
  return cluster.calls.filter((call) => call.method === method).map(({ request }) => request as R);
}

/** Every node's next calls of a method meet these faults, whichever node is asked. */
function plan(cluster: FakeCluster, method: 'put' | 'ticket', faults: readonly Fault[]): void {
  const shared = [...faults];
  for (const endpoint of endpoints) {
    Object.assign(cluster.node(endpoint).faults, { [method]: { shift: () => shared.shift() } });
  }
}

describe('level linearizable (rule 10)', () => {
  it('obtains a ticket, and stores with it', async () => {
    const cluster = createFakeCluster();
    const client = new KvClient(endpoints, linearizable, cluster.ports);
    const { version } = await cluster.settle(client.put('k', 'v'));
    const [put] = requests<PutRequest>(cluster, 'put');
    expect(put!.ticket).toEqual(version);
    expect(put).toMatchObject({ stampAbove: 0, stampNotAfter: 0 });
    await cluster.settle(client.delete('k'));
    const [removal] = requests<DeleteRequest>(cluster, 'delete');
    expect(removal!.ticket!.timestamp).toBeGreaterThan(version.timestamp);
    expect(await cluster.settle(client.get('k'))).toBeUndefined();
    expect(requests(cluster, 'ticket')).toHaveLength(2);
  });

  it('retries the store with the same request, through whichever node answers', async () => {
    const cluster = createFakeCluster();
    plan(cluster, 'put', [lost, 'hang']);
    const client = new KvClient(endpoints, linearizable, cluster.ports);
    await cluster.settle(client.put('k', 'v', { ttlMs: 1_000 }));
    const [first, ...others] = requests<PutRequest>(cluster, 'put');
    expect(others).toEqual([first, first]);
    expect(requests(cluster, 'ticket')).toHaveLength(1);
    const asked = cluster.calls.filter(({ method }) => method === 'put').map(({ endpoint }) => endpoint);
    expect(new Set(asked).size).toBe(3);
  });

  it('asks for the ticket again as for anything that writes nothing, and is not applied without one', async () => {
    const cluster = createFakeCluster();
    plan(cluster, 'ticket', [lost, 'hang']);
    const client = new KvClient(endpoints, linearizable, cluster.ports);
    await cluster.settle(client.put('k', 'v'));
    expect(requests(cluster, 'put')).toHaveLength(1);
    plan(cluster, 'ticket', [lost, lost, lost]);
    const failure = { code: 'unavailable', outcome: 'not-applied' };
    await expect(cluster.settle(client.put('k', 'w'))).rejects.toMatchObject(failure);
    plan(cluster, 'ticket', ['hang', 'hang', 'hang']);
    const silence = { code: 'timeout', outcome: 'not-applied' };
    await expect(cluster.settle(client.put('k', 'w'))).rejects.toMatchObject(silence);
    expect(requests(cluster, 'put')).toHaveLength(1);
  });

  it('is told that its ticket expired, and takes no second one', async () => {
    const cluster = createFakeCluster();
    plan(cluster, 'put', [expired, expired, expired]);
    const client = new KvClient(endpoints, linearizable, cluster.ports);
    const writing = cluster.settle(client.put('k', 'v'));
    await expect(writing).rejects.toMatchObject({ code: 'clock-drift', outcome: 'unknown' });
    await expect(writing).rejects.toThrow(/ticket expired/);
    expect(requests(cluster, 'ticket')).toHaveLength(1);
  });

  it('is not applied if no attempt of the store was', async () => {
    const cluster = createFakeCluster();
    plan(cluster, 'put', [refused, refused, refused]);
    const client = new KvClient(endpoints, linearizable, cluster.ports);
    await expect(cluster.settle(client.put('k', 'v'))).rejects.toMatchObject({ outcome: 'not-applied' });
  });

  it('holds what is written next above a ticket that was given up (rule 11), at every level', async () => {
    const cluster = createFakeCluster();
    plan(cluster, 'put', ['hang']);
    const client = new KvClient(['a:1'], {}, cluster.ports);
    const given = client.put('k', 'abandoned', { ...linearizable, timeoutMs: 300 });
    await expect(cluster.settle(given)).rejects.toMatchObject({ code: 'timeout', outcome: 'unknown' });
    const { timestamp } = requests<PutRequest>(cluster, 'put')[0]!.ticket!;
    await cluster.settle(client.put('k', 'next'));
    expect(requests<PutRequest>(cluster, 'put').at(-1)!.stampAbove).toBe(timestamp);
    plan(cluster, 'put', ['hang']);
    await expect(cluster.settle(client.put('k', 'x', { timeoutMs: 300 }))).rejects.toMatchObject({
      outcome: 'unknown',
    });
    const { stampNotAfter } = requests<PutRequest>(cluster, 'put').at(-1)!;
    await cluster.settle(client.put('k', 'last', linearizable));
    expect(requests<TicketRequest>(cluster, 'ticket').at(-1)!.stampAbove).toBe(stampNotAfter);
  });

  it('takes effect at most once however its attempts end, and later writes stay on top', async () => {
    const fault = fc.constantFrom<Fault>(undefined, lost, refused, 'hang', expired);
    const faults = fc.array(fault, { maxLength: 4 });
    const write = fc.record({ put: faults, ticket: faults });
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(write, { minLength: 1, maxLength: 5 }),
        async (seed, writes) => {
          const cluster = createFakeCluster(seed);
          const client = new KvClient(endpoints, linearizable, cluster.ports);
          const tickets = new Set<number>();
          for (const [index, planned] of writes.entries()) {
            plan(cluster, 'put', planned.put);
            plan(cluster, 'ticket', planned.ticket);
            const before = requests(cluster, 'put').length;
            const outcome = await cluster.settle(
              client.put('k', `v${index}`).then(
                () => 'ok',
                (error: unknown) => (error as KvError).outcome,
              ),
            );
            const [first, ...others] = requests<PutRequest>(cluster, 'put').slice(before);
            for (const other of others) expect(other).toEqual(first);
            if (first !== undefined) tickets.add(first.ticket!.timestamp);
            const value = cluster.stored.get('k');
            const shown = value === undefined ? undefined : Buffer.from(value).toString();
            if (outcome === 'ok') expect(shown).toBe(`v${index}`);
            if (outcome === 'not-applied') expect(shown).not.toBe(`v${index}`);
          }
          const stores = requests<PutRequest>(cluster, 'put').map(({ value }) => value.toString());
          expect(tickets.size).toBe(new Set(stores).size);
        },
      ),
      { numRuns: 60 },
    );
  });
});
