import { describe, expect, it } from '@jest/globals';
import { KvError } from '@kv/errors';
import type { ReplicaReadResponse } from '@kv/proto';

import {
  comparedReadsMax,
  hedgeDelayMsFirst,
  laneDoubtMs,
  settlingMs,
  trialRestsFor,
  trialSample,
  trialVainMax,
} from '../src/limits.js';
import { askedSince, leavingAllToNodes, members, methodsOf, routed, type World } from './routed-client.js';

/** What the members show from now on, each in its turn; the last of them whoever comes after. */
function show({ cluster }: World, ...shown: Partial<ReplicaReadResponse>[]): void {
  let turn = 0;
  for (const member of members) {
    cluster.node(member).shows = () => {
      const own = shown[Math.min(turn, shown.length - 1)]!;
      turn += 1;
      return { member: turn, ...own };
    };
  }
}

const identity = Buffer.from('one');
const compared = ['replicaRead', 'replicaRead'];
const coordinated = [...compared, 'get'];

describe('a client that coordinates a read', () => {
  it('asks two owners side by side, one of them for no value, and returns what both show', async () => {
    const world = await routed();
    const { cluster, client, asked } = world;
    expect(await cluster.settle(client.get('k'))).toBe('v');
    expect(methodsOf(world)).toEqual(compared);
    expect(new Set(asked().map(({ endpoint }) => endpoint)).size).toBe(2);
    const requests = cluster.calls.slice(-2).map(({ request }) => request as { omitValue: boolean });
    expect(requests.map(({ omitValue }) => omitValue).sort()).toEqual([false, true]);
    const [first, second] = cluster.calls.slice(-2).map(({ options }) => options.timeoutMs);
    expect(first).toBeGreaterThan(0);
    expect(second).toBe(first);
    expect(await cluster.settle(client.get('none'))).toBeUndefined();
    expect(await cluster.settle(client.get('k', { consistency: 'linearizable' }))).toBe('v');
    expect(methodsOf(world)).toEqual([...compared, ...compared, ...compared]);
  });

  it('tells version and expiry as a coordinator would', async () => {
    const world = await routed();
    const { cluster, client } = world;
    const version = { timestamp: 4_096, node: 65_536 };
    const expiresAtMs = 2 ** 42;
    show(world, { identity, value: Buffer.from('v'), version, expiresAtMs });
    expect(await cluster.settle(client.getEntry('k'))).toEqual({ value: 'v', version, expiresAtMs });
    show(world, { identity, tombstone: true, version });
    expect(await cluster.settle(client.getEntry('k'))).toBeUndefined();
    expect(methodsOf(world)).toEqual([...compared, ...compared]);
  });

  it.each<[string, Partial<ReplicaReadResponse>[]]>([
    ['rule 8: show different records', [{ identity }, { identity: Buffer.from('two') }]],
    ['rule 8: show a record and none', [{ identity }, {}]],
    [
      'are one member',
      [
        { identity, member: 1 },
        { identity, member: 1 },
      ],
    ],
    [
      'rule 15: know different incarnations',
      [{ identity, incarnations: [{ member: 3, incarnation: 2 }] }, { identity }],
    ],
    [
      'rule 15: know different incarnations of one member',
      [
        { identity, incarnations: [{ member: 3, incarnation: 2 }] },
        { identity, incarnations: [{ member: 3, incarnation: 3 }] },
      ],
    ],
    ['rule 16: show a record that one of them calls expired', [{ identity, expiresAtMs: 1 }]],
  ])('leaves it to a node where the two %s', async (_what, shown) => {
    const world = await routed();
    const { cluster, client } = world;
    show(world, ...shown);
    expect(await cluster.settle(client.get('k'))).toBe('v');
    expect(methodsOf(world)).toEqual(coordinated);
  });

  it('rule 16: believes the later of the two clocks', async () => {
    const world = await routed();
    const { cluster, client } = world;
    const serverTime = cluster.serverTime();
    const expiresAtMs = cluster.ports.clock!.monotonicMs() + 2 ** 41;
    show(
      world,
      { identity, expiresAtMs, serverTime },
      { identity, expiresAtMs, serverTime: serverTime + 2 ** 52 },
    );
    await cluster.settle(client.get('k'));
    expect(methodsOf(world)).toEqual(coordinated);
  });

  it('compares owners that know of the same losses', async () => {
    const world = await routed();
    const { cluster, client } = world;
    const [one, other] = [
      { member: 1, incarnation: 2 },
      { member: 3, incarnation: 4 },
    ];
    const version = { timestamp: 4_096, node: 65_536 };
    const own = { identity, version, value: Buffer.from('own') };
    show(world, { ...own, incarnations: [one, other] }, { ...own, incarnations: [other, one] });
    expect(await cluster.settle(client.get('k'))).toBe('own');
    expect(methodsOf(world)).toEqual(compared);
  });

  it('leaves it to a node if either owner refuses: its copy is suspect, or it knows no such request', async () => {
    const refusal = {
      fail: new KvError('invalid-argument', 'the operation asks for nothing this node knows'),
    };
    for (const faults of [[refusal], [undefined, refusal], [refusal, refusal]]) {
      const world = await routed();
      const { cluster, client } = world;
      cluster.faults.replicaRead.push(...faults);
      expect(await cluster.settle(client.get('k'))).toBe('v');
      expect(methodsOf(world)).toEqual(coordinated);
      await client.close();
      expect(cluster.timers.pending).toBe(0);
    }
  });

  it('retries elsewhere, after a while, what a full node refuses', async () => {
    const { cluster, client, asked } = await routed();
    cluster.faults.replicaRead.push({ fail: new KvError('overloaded', 'full', { retryAfterMs: 30 }) });
    expect(await cluster.settle(client.get('k'))).toBe('v');
    expect(asked().map(({ method }) => method)).toEqual(coordinated);
  });

  it('does not wait for an owner that is slow, and leaves it alone for a while', async () => {
    const world = await routed();
    const { cluster, client, asked } = world;
    cluster.faults.replicaRead.push(undefined, 'hang');
    const read = client.get('k');
    await cluster.timers.advanceAsync(hedgeDelayMsFirst + 1);
    expect(await read).toBe('v');
    const [first, second, third] = asked();
    expect(third).toEqual({ method: 'get', endpoint: first!.endpoint });
    expect(second!.endpoint).not.toBe(first!.endpoint);
    await cluster.settle(client.get('k'));
    expect(asked().at(-1)!.method).toBe('get');
    await cluster.timers.advanceAsync(laneDoubtMs);
    await cluster.settle(client.get('k'));
    expect(methodsOf(world).slice(-2)).toEqual(compared);
    await client.close();
    expect(cluster.timers.pending).toBe(0);
  });

  it('does not wait for one that is silent when the other was only slow', async () => {
    const { cluster, client, asked } = await routed();
    cluster.faults.replicaRead.push({ slowMs: hedgeDelayMsFirst + 5 }, 'hang');
    const read = client.get('k');
    await cluster.timers.advanceAsync(hedgeDelayMsFirst + 1);
    expect(asked()).toHaveLength(2);
    await cluster.timers.advanceAsync(5);
    expect(await read).toBe('v');
    const [first, , third] = asked();
    expect(third).toEqual({ method: 'get', endpoint: first!.endpoint });
    await client.close();
    expect(cluster.timers.pending).toBe(0);
  });

  it('trusts an owner again once it answers', async () => {
    const world = await routed();
    const { cluster, client } = world;
    cluster.faults.replicaRead.push(undefined, { slowMs: hedgeDelayMsFirst + 5 });
    await cluster.settle(client.get('k'));
    // So many that each member is given some.
    await cluster.settle(client.putMany(Array.from({ length: 200 }, (_, index) => [`k${index}`, 'v'])));
    await cluster.timers.advanceAsync(settlingMs);
    await cluster.settle(client.get('k'));
    expect(methodsOf(world).slice(-2)).toEqual(compared);
  });

  it('turns to another owner where the first says nothing', async () => {
    const { cluster, client, asked } = await routed();
    for (let round = 0; round < 70; round += 1) await cluster.settle(client.get('k'));
    const before = asked().length;
    cluster.faults.replicaRead.push('hang');
    const read = client.get('k');
    await cluster.timers.advanceAsync(hedgeDelayMsFirst + 1);
    expect(await read).toBe('v');
    const [first, second, hedge, ...others] = asked().slice(before);
    expect([first!.method, second!.method, hedge!.method]).toEqual(coordinated);
    expect(hedge!.endpoint).not.toBe(first!.endpoint);
    expect(others).toEqual([]);
    await client.close();
    expect(cluster.timers.pending).toBe(0);
  });

  it('tells both owners of a read that was given up', async () => {
    const { cluster, client } = await routed();
    cluster.faults.replicaRead.push('hang', 'hang');
    const controller = new AbortController();
    const read = client.get('k', { signal: controller.signal });
    await cluster.timers.advanceAsync(1);
    controller.abort(new Error('enough'));
    await expect(read).rejects.toThrow('enough');
    expect(cluster.calls.slice(-2).map(({ options }) => options.signal.aborted)).toEqual([true, true]);
    await client.close();
    expect(cluster.timers.pending).toBe(0);
  });

  it('ends with its deadline whoever is silent', async () => {
    const { cluster, client } = await routed();
    for (const method of ['replicaRead', 'get'] as const) {
      cluster.faults[method].push('hang', 'hang', 'hang', 'hang');
    }
    const read = client.get('k', { timeoutMs: 200 });
    const ended = expect(read).rejects.toMatchObject({ code: 'timeout' });
    await cluster.timers.advanceAsync(200);
    await ended;
    await client.close();
    expect(cluster.timers.pending).toBe(0);
  });

  it('survives an owner that is gone', async () => {
    const { cluster, client, asked } = await routed();
    for (const down of members.slice(0, 3)) {
      cluster.node(down).up = false;
      for (let round = 0; round < 5; round += 1) expect(await cluster.settle(client.get('k'))).toBe('v');
      cluster.node(down).up = true;
      await cluster.timers.advanceAsync(laneDoubtMs);
    }
    expect(asked().some(({ method }) => method === 'get')).toBe(true);
  });
});

describe('a client leaves a read to a node', () => {
  it.each(leavingAllToNodes)('%s', async (_what, options, replicationFactor) => {
    const world = await routed(options, replicationFactor);
    await world.cluster.settle(world.client.get('k'));
    expect(methodsOf(world)).toEqual(['get']);
  });

  it.each(['one', 'all'] as const)('at %s', async (consistency) => {
    const world = await routed();
    await world.cluster.settle(world.client.get('k', { consistency }));
    expect(methodsOf(world)).toEqual(['get']);
  });

  it('of a key that it wrote a moment ago', async () => {
    const world = await routed();
    const { cluster, client } = world;
    await cluster.settle(client.put('k', 'new'));
    expect(await cluster.settle(client.get('k'))).toBe('new');
    expect(methodsOf(world)).toEqual(['put', 'get']);
    await cluster.timers.advanceAsync(settlingMs);
    expect(await cluster.settle(client.get('k'))).toBe('new');
    expect(methodsOf(world)).toEqual(['put', 'get', ...compared]);
  });

  it('but not of one that it gave to the same two', async () => {
    const world = await routed();
    const { cluster, client } = world;
    await cluster.settle(client.put('other', 'v'));
    await cluster.settle(client.put('k', 'new'));
    expect(await cluster.settle(client.get('k'))).toBe('new');
    expect(methodsOf(world)).toEqual(['put', 'replicaWrite', 'replicaWrite', ...compared]);
  });

  it('where many operations are under way', async () => {
    const world = await routed();
    const keys = Array.from({ length: comparedReadsMax + 1 }, (_, index) => `k${index}`);
    await world.cluster.settle(world.client.getMany(keys));
    expect(new Set(methodsOf(world))).toEqual(new Set(['get']));
    await world.cluster.settle(world.client.getMany(keys.slice(1)));
    expect(methodsOf(world).filter((method) => method === 'replicaRead')).toHaveLength(2 * comparedReadsMax);
  });

  it('for a while, where comparing was often in vain', async () => {
    const world = await routed();
    const { cluster, client } = world;
    for (const [index, address] of members.entries()) {
      cluster.node(address).shows = () => ({ member: index + 1, identity: Buffer.from(address) });
    }
    const methods = async (reads: number): Promise<string[]> => {
      const from = cluster.calls.length;
      for (let read = 0; read < reads; read += 1) await cluster.settle(client.get('k'));
      return askedSince(cluster, from).map(({ method }) => method);
    };
    expect(await methods(trialVainMax + 1)).toContain('replicaRead');
    await methods(trialSample);
    expect(await methods(trialRestsFor - trialSample)).not.toContain('replicaRead');
    expect(await methods(trialSample)).toContain('replicaRead');
  });
});
