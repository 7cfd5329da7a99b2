import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import {
  PreviousState,
  type PutRequest,
  type ReplicaWriteRequest,
  type ReplicaWriteResponse,
} from '@kv/proto';

import type { ManualClock } from '@kv/testing';

import { type KvClientOptions, unknown } from '../src/index.js';
import {
  laneDoubtMs,
  reservedKeptMs,
  trialRestsFor,
  trialSample,
  trialVainMax,
  twinStoreBytesMax,
  twinStorePatienceMs,
  twinStoresMax,
} from '../src/limits.js';
import { askedSince, leavingAllToNodes, members, methodsOf, routed, type World } from './routed-client.js';

const given = ['replicaWrite', 'replicaWrite'];
const coordinated = [...given, 'put'];

/** A client for which a version was reserved. */
async function reserving(options: KvClientOptions = {}, replicationFactor = 3): Promise<World> {
  const world = await routed(options, replicationFactor);
  const { cluster, client } = world;
  await cluster.settle(client.put('first', 'v'));
  const from = cluster.calls.length;
  return { ...world, asked: () => askedSince(cluster, from) };
}

/** What the owners do from now on, each in its turn; the last of them whoever comes after. */
function store({ cluster }: World, ...told: Partial<ReplicaWriteResponse>[]): void {
  let turn = 0;
  for (const member of members) {
    cluster.node(member).stores = () => {
      const own = told[Math.min(turn, told.length - 1)]!;
      turn += 1;
      return { member: turn, stored: true, ...own };
    };
  }
}

function requestsOf({ cluster }: World, count: number): ReplicaWriteRequest[] {
  return cluster.calls.slice(-count).map(({ request }) => request as ReplicaWriteRequest);
}

const lastPut = ({ cluster }: World): PutRequest =>
  cluster.calls.findLast(({ method }) => method === 'put')!.request as PutRequest;

describe('a client that coordinates a write', () => {
  it('asks for a version with a write that a node coordinates', async () => {
    const world = await routed();
    await world.cluster.settle(world.client.put('k', 'v'));
    expect(methodsOf(world)).toEqual(['put']);
    expect(lastPut(world).reserve).toBe(true);
  });

  it('gives it to two owners side by side, as that version', async () => {
    const world = await reserving();
    const { cluster, client, asked } = world;
    const { version, previous } = await cluster.settle(client.put('k', 'new', { previous: false }));
    expect(methodsOf(world)).toEqual(given);
    expect(new Set(asked().map(({ endpoint }) => endpoint)).size).toBe(2);
    const [lead, second] = requestsOf(world, 2).sort((a, b) => Number(b.leads) - Number(a.leads));
    expect(lead).toMatchObject({ leads: true, omitPrevious: true, tombstone: false });
    expect(second).toMatchObject({ leads: false, twin: 0, omitPrevious: true });
    expect(members[lead!.twin - 1]).toBe(cluster.calls.find(({ request }) => request === second)!.endpoint);
    expect([lead!.version, second!.version]).toEqual([version, version]);
    expect([lead!.value, second!.value].map(String)).toEqual(['new', 'new']);
    expect(lead!.operationId).toEqual(second!.operationId);
    expect(previous).toBe(unknown);
    expect(String(cluster.stored.get('k'))).toBe('new');
  });

  it('goes on with the versions that come back, and deletes so, too', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    const first = await cluster.settle(client.put('k', 'v'));
    const second = await cluster.settle(client.delete('k'));
    expect(methodsOf(world)).toEqual([...given, ...given]);
    expect(second.version.timestamp).toBeGreaterThan(first.version.timestamp);
    expect(requestsOf(world, 2)).toMatchObject([{ tombstone: true }, { tombstone: true }]);
    expect(cluster.stored.has('k')).toBe(false);
  });

  it.each<[string, Partial<ReplicaWriteResponse>[]]>([
    ['rule 1: one met a newer version', [{}, { stored: false }]],
    ['rule 1: the other did', [{ stored: false }, {}]],
    ['are one member', [{ member: 1 }, { member: 1 }]],
    ['rule 15: know different incarnations', [{ incarnations: [{ member: 3, incarnation: 2 }] }, {}]],
  ])('leaves it to a node, above that version, where the two %s', async (_what, told) => {
    const world = await reserving();
    const { cluster, client } = world;
    store(world, ...told);
    await cluster.settle(client.put('k', 'new'));
    expect(methodsOf(world)).toEqual(coordinated);
    const [{ version, operationId }] = requestsOf(world, 3) as [ReplicaWriteRequest];
    expect(lastPut(world)).toMatchObject({ stampAbove: version!.timestamp, operationId, reserve: true });
  });

  it('believes owners that know of the same losses', async () => {
    const world = await reserving();
    const incarnations = [{ member: 3, incarnation: 2 }];
    store(world, { incarnations }, { incarnations });
    await world.cluster.settle(world.client.put('k', 'new'));
    expect(methodsOf(world)).toEqual(given);
  });

  it.each<[string, Partial<ReplicaWriteResponse>[], unknown]>([
    ['none', [{ previous: PreviousState.NONE }, { previous: PreviousState.NONE }], undefined],
    ['the newer one', [replaced('old', 5), replaced('newer', 6)], 'newer'],
    ['the newer one, of the first', [replaced('newer', 6), replaced('old', 5)], 'newer'],
    ['what one had', [{ previous: PreviousState.NONE }, replaced('old', 5)], 'old'],
    [
      'none, of a tombstone',
      [replaced('old', 5), { ...replaced('', 6), previous: PreviousState.NONE }],
      undefined,
    ],
    ['unknown', [replaced('old', 5), { previous: PreviousState.UNKNOWN }], unknown],
    ['unknown of the first', [{ previous: PreviousState.UNKNOWN }, replaced('old', 5)], unknown],
  ])('rule 13: tells what the two replaced: %s', async (_what, told, previous) => {
    const world = await reserving();
    store(world, ...told);
    const result = await world.cluster.settle(world.client.put('k', 'new'));
    expect(result.previous).toBe(previous);
    expect(methodsOf(world)).toEqual(given);
    expect(requestsOf(world, 2)).toMatchObject([{ omitPrevious: false }, { omitPrevious: false }]);
  });

  it('leaves it to a node if either owner refuses, as one that knows no such request', async () => {
    const refusal = {
      fail: new KvError('invalid-argument', 'the operation asks for nothing this node knows'),
    };
    for (const faults of [[refusal], [undefined, refusal], [refusal, refusal]]) {
      const world = await reserving();
      const { cluster, client } = world;
      cluster.faults.replicaWrite.push(...faults);
      await cluster.settle(client.put('k', 'new'));
      expect(methodsOf(world)).toEqual(coordinated);
      await client.close();
      expect(cluster.timers.pending).toBe(0);
    }
  });

  it('does not wait for an owner that is silent, and leaves it alone for a while', async () => {
    const world = await reserving();
    const { cluster, client, asked } = world;
    cluster.faults.replicaWrite.push(undefined, 'hang');
    const put = client.put('k', 'new');
    await cluster.timers.advanceAsync(twinStorePatienceMs + 5);
    await put;
    const [first, , third] = asked();
    expect(methodsOf(world)).toEqual(coordinated);
    expect(third!.endpoint).toBe(first!.endpoint);
    await cluster.settle(client.put('k', 'newer'));
    expect(methodsOf(world)).toEqual([...coordinated, 'put']);
    await cluster.timers.advanceAsync(laneDoubtMs);
    await cluster.settle(client.put('k', 'v'));
    await cluster.settle(client.put('k', 'w'));
    expect(methodsOf(world).slice(-2)).toEqual(given);
    await client.close();
    expect(cluster.timers.pending).toBe(0);
  });

  it('is coordinated by the second where only that one answers', async () => {
    const { cluster, client, asked } = await reserving();
    cluster.faults.replicaWrite.push('hang');
    const put = client.put('k', 'new');
    await cluster.timers.advanceAsync(twinStorePatienceMs + 5);
    await put;
    const [, second, third] = asked();
    expect(third).toEqual({ method: 'put', endpoint: second!.endpoint });
  });

  it('retries elsewhere, after a while, what a full node refuses, whatever the second says', async () => {
    for (const second of [undefined, 'hang'] as const) {
      const world = await reserving();
      const { cluster, client } = world;
      const full = new KvError('overloaded', 'full', { outcome: 'not-applied', retryAfterMs: 30 });
      cluster.faults.replicaWrite.push({ fail: full }, second);
      const put = client.put('k', 'new');
      await cluster.timers.advanceAsync(25);
      expect(methodsOf(world)).toEqual(given);
      await cluster.settle(put);
      expect(methodsOf(world)).toEqual(coordinated);
      expect(lastPut(world).reserve).toBe(false);
    }
  });

  it('survives an owner that is gone', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    for (const down of members.slice(0, 3)) {
      cluster.node(down).up = false;
      for (let round = 0; round < 5; round += 1) await cluster.settle(client.put('k', `${down}-${round}`));
      cluster.node(down).up = true;
      await cluster.timers.advanceAsync(laneDoubtMs);
    }
    expect(methodsOf(world)).toContain('replicaWrite');
    expect(String(cluster.stored.get('k'))).toBe('c:1-4');
  });
});

describe('the outcome of a write that two owners were given', () => {
  const unavailable = { fail: new KvError('unavailable', 'no quorum', { outcome: 'not-applied' }) };
  const refused = { fail: new KvError('memory-full', 'full', { outcome: 'not-applied' }) };

  it('rule 12: is unknown where one of them may have stored it, whatever a node says then', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    store(world, {}, { stored: false });
    cluster.faults.put.push(refused);
    await expect(cluster.settle(client.put('k', 'new'))).rejects.toMatchObject({
      ...{ code: 'memory-full', outcome: 'unknown' },
    });
  });

  it('rule 12: is not applied where both of them refused it, and the node as well', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    cluster.faults.replicaWrite.push(refused, refused);
    cluster.faults.put.push(refused);
    await expect(cluster.settle(client.put('k', 'new'))).rejects.toMatchObject({
      ...{ code: 'memory-full', outcome: 'not-applied' },
    });
  });

  it('rule 11: what follows is stamped above that version, also by attempts elsewhere', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    store(world, {}, { stored: false });
    cluster.faults.put.push(unavailable);
    await cluster.settle(client.put('k', 'new'));
    expect(methodsOf(world)).toEqual([...coordinated, 'put']);
    const [{ version }] = requestsOf(world, 4) as [ReplicaWriteRequest];
    expect(lastPut(world).stampAbove).toBeGreaterThanOrEqual(version!.timestamp);
  });

  it('is unknown when its caller gives up, and the next write of the key lies above it', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    cluster.faults.replicaWrite.push(undefined, 'hang');
    const controller = new AbortController();
    const put = client.put('k', 'new', { signal: controller.signal });
    await cluster.timers.advanceAsync(1);
    controller.abort(new Error('enough'));
    await expect(put).rejects.toThrow('enough');
    const [{ version }] = requestsOf(world, 2) as [ReplicaWriteRequest];
    expect(cluster.calls.at(-1)!.options.signal.aborted).toBe(true);
    await cluster.settle(client.put('k', 'newer'));
    const last = cluster.calls.at(-1)!.request as PutRequest & ReplicaWriteRequest;
    expect(last.version?.timestamp ?? last.stampAbove).toBeGreaterThanOrEqual(version!.timestamp);
  });

  it('is unknown when the client is closed, or the deadline passes', async () => {
    for (const end of ['close', 'deadline'] as const) {
      const { cluster, client } = await reserving();
      cluster.faults.replicaWrite.push('hang', 'hang');
      cluster.faults.put.push('hang', 'hang', 'hang');
      const put = client.put('k', 'new', { timeoutMs: 60 });
      const ended = expect(put).rejects.toMatchObject({ outcome: 'unknown' });
      await cluster.timers.advanceAsync(1);
      if (end === 'close') await client.close();
      await cluster.timers.advanceAsync(100);
      await ended;
      await client.close();
      expect(cluster.timers.pending).toBe(0);
    }
  });

  it('is unknown where no time is left for a node, as after a pause of the process', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    cluster.faults.replicaWrite.push(undefined, 'hang');
    const put = client.put('k', 'new', { timeoutMs: 60 });
    const ended = expect(put).rejects.toMatchObject({ code: 'timeout', outcome: 'unknown' });
    await cluster.timers.advanceAsync(1);
    (cluster.ports.clock as ManualClock).advance(57);
    await cluster.timers.advanceAsync(100);
    await ended;
    expect(methodsOf(world)).toEqual(given);
    const [{ version }] = requestsOf(world, 2) as [ReplicaWriteRequest];
    await cluster.timers.advanceAsync(reservedKeptMs);
    await cluster.settle(client.put('k', 'newer'));
    expect(lastPut(world).stampAbove).toBeGreaterThanOrEqual(version!.timestamp);
  });

  it('rule 11: none is written as a version below a ceiling that was forgotten', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    cluster.faults.put.push('hang');
    const abandoned = client.put('k', 'lost', { consistency: 'all', timeoutMs: 60 });
    const lost = expect(abandoned).rejects.toMatchObject({ outcome: 'unknown' });
    await cluster.timers.advanceAsync(100);
    await lost;
    const { stampNotAfter: ceiling } = lastPut(world);
    await cluster.timers.advanceAsync(3_000);
    // As in an answer that lay in a socket for so long.
    for (const member of members) {
      const { stores } = cluster.node(member);
      cluster.node(member).stores = (request) => ({
        ...stores(request),
        reserved: request.leads ? { timestamp: ceiling - 1, node: 65_537 } : undefined,
      });
    }
    // The first finds its way anew, the second asks for a version, the third is given the old one for the next.
    for (let round = 0; round < 3; round += 1) await cluster.settle(client.put('other', 'v'));
    await cluster.settle(client.put('k', 'new'));
    expect(methodsOf(world).slice(-3)).toEqual([...given, 'put']);
  });

  it('rule 12: is not applied where neither part could be sent', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    for (const member of members) cluster.node(member).up = false;
    await expect(cluster.settle(client.put('k', 'new'))).rejects.toMatchObject({
      ...{ code: 'unavailable', outcome: 'not-applied' },
    });
    for (const member of members) cluster.node(member).up = true;
  });
});

describe('a client leaves a write to a node', () => {
  it.each(leavingAllToNodes)('%s', async (_what, options, replicationFactor) => {
    const world = await reserving(options, replicationFactor);
    await world.cluster.settle(world.client.put('k', 'v'));
    expect(methodsOf(world)).toEqual(['put']);
    expect(lastPut(world).reserve).toBe(false);
  });

  it.each(['one', 'all', 'linearizable'] as const)('at %s', async (consistency) => {
    const world = await reserving();
    await world.cluster.settle(world.client.put('k', 'v', { consistency }));
    expect(methodsOf(world)).not.toContain('replicaWrite');
  });

  it('that expires, since it would expire earlier, and one that is large', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    await cluster.settle(client.put('k', 'v', { ttlMs: 1_000 }));
    await cluster.settle(client.put('k', 'v'.repeat(twinStoreBytesMax)));
    expect(methodsOf(world)).toEqual(['put', 'put']);
  });

  it('for which no version is new enough', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    await cluster.timers.advanceAsync(reservedKeptMs);
    await cluster.settle(client.put('k', 'v'));
    expect(methodsOf(world)).toEqual(['put']);
    expect(lastPut(world).reserve).toBe(true);
  });

  it('while it writes the same key', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    await cluster.settle(Promise.all([client.put('k', 'v'), client.put('k', 'w')]));
    expect(methodsOf(world).sort()).toEqual(['put', 'put']);
  });

  it('where many operations are under way', async () => {
    const world = await reserving();
    const keys = Array.from({ length: twinStoresMax + 1 }, (_, index) => `k${index}`);
    await world.cluster.settle(world.client.deleteMany(keys));
    expect(new Set(methodsOf(world))).toEqual(new Set(['delete']));
    await world.cluster.settle(world.client.deleteMany(keys.slice(1)));
    expect(methodsOf(world)).toContain('replicaWrite');
  });

  it('for a while, where much of what it reads was just written', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    await cluster.settle(client.put('k', 'v', { consistency: 'all' }));
    for (let read = 0; read < trialSample; read += 1) {
      await cluster.settle(client.put('k', 'v', { consistency: 'all' }));
      await cluster.settle(client.get('k'));
    }
    const from = cluster.calls.length;
    await cluster.settle(client.put('other', 'v'));
    await cluster.settle(client.put('other', 'v'));
    expect(askedSince(cluster, from).map(({ method }) => method)).toEqual(['put', 'put']);
    for (let read = 0; read < trialRestsFor; read += 1) await cluster.settle(client.get('other'));
    const later = cluster.calls.length;
    await cluster.settle(client.put('other', 'v'));
    await cluster.settle(client.put('other', 'v'));
    expect(askedSince(cluster, later).map(({ method }) => method)).toContain('replicaWrite');
  });

  it('for a while, where two owners were often given it in vain', async () => {
    const world = await reserving();
    const { cluster, client } = world;
    store(world, { stored: false });
    const methods = async (writes: number): Promise<string[]> => {
      const from = cluster.calls.length;
      for (let write = 0; write < writes; write += 1) await cluster.settle(client.put(`k${write}`, 'v'));
      return askedSince(cluster, from).map(({ method }) => method);
    };
    expect(await methods(trialVainMax + 1)).toContain('replicaWrite');
    await methods(trialSample);
    expect(await methods(trialRestsFor - trialSample)).not.toContain('replicaWrite');
    expect(await methods(trialSample)).toContain('replicaWrite');
  });
});

/** By one owner. */
function replaced(value: string, timestamp: number): Partial<ReplicaWriteResponse> {
  return {
    previous: PreviousState.VALUE,
    previousValue: Buffer.from(value),
    previousVersion: { timestamp, node: 65_537 },
  };
}
