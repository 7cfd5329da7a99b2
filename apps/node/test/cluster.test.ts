import { setTimeout as delay } from 'node:timers/promises';

import { afterEach, describe, expect, it } from '@jest/globals';
import { hasCode } from '@kv/errors';

import type { Node } from '../src/index.js';
import { createInMemoryCluster, type InMemoryCluster, startInMemoryCluster } from './in-memory-cluster.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (value: Uint8Array) => new TextDecoder().decode(value);

let cluster: InMemoryCluster | undefined;

afterEach(async () => {
  await cluster?.stop();
  cluster = undefined;
});

async function put(node: Node, key: string, value: string) {
  const request = {
    key: bytes(key),
    value: bytes(value),
    consistency: 'quorum',
    wantPrevious: true,
  } as const;
  const { previous } = await node.coordinator.put(request, { timeoutMs: 1_000 });
  return previous.kind === 'value' ? textOf(previous.value) : previous.kind;
}

async function get(node: Node, key: string, consistency: 'one' | 'quorum' = 'quorum') {
  const found = await node.coordinator.get({ key: bytes(key), consistency }, { timeoutMs: 1_000 });
  return found.found ? textOf(found.value) : undefined;
}

async function remove(node: Node, key: string) {
  const { previous } = await node.coordinator.delete({
    key: bytes(key),
    consistency: 'quorum',
    wantPrevious: true,
  });
  return previous.kind === 'value' ? textOf(previous.value) : previous.kind;
}

describe('a cluster of one', () => {
  it('keeps what it was told across a restart', async () => {
    cluster = createInMemoryCluster(1);
    const options = { peers: undefined };
    const node = await cluster.start('a', options);
    await node.serving();
    expect(await put(node, 'k', '1')).toBe('none');
    expect(await put(node, 'k', '2')).toBe('1');
    await node.stop();
    const again = await cluster.start('a', options);
    await again.serving();
    expect(await get(again, 'k')).toBe('2');
    expect(await remove(again, 'k')).toBe('2');
    expect(await get(again, 'k')).toBeUndefined();
  });
});

describe('a cluster of three', () => {
  it('reads through every node what was put through any', async () => {
    cluster = await startInMemoryCluster(3);
    for (const writer of cluster.nodes) {
      await put(writer, `of ${writer.id}`, writer.id);
      for (const reader of cluster.nodes) expect(await get(reader, `of ${writer.id}`)).toBe(writer.id);
    }
  });

  it('sends the operations of one turn to a peer as few messages', async () => {
    cluster = await startInMemoryCluster(3);
    const { network, nodes } = cluster;
    await Promise.all(Array.from({ length: 256 }, (_, index) => put(nodes[0]!, `k${index}`, 'v')));
    // 256 writes to each of two peers, 64 to a message.
    const writes = network.delivered.get('Write') ?? 0;
    expect(writes).toBeGreaterThanOrEqual(8);
    expect(writes).toBeLessThan(64);
  });

  it('goes on with two, and repairs the third when it is read again', async () => {
    cluster = await startInMemoryCluster(3);
    const { network } = cluster;
    await put(cluster.node('a'), 'k', 'old');
    network.cutOff('c:1');
    expect(await put(cluster.node('a'), 'k', 'new')).toBe('old');
    network.heal('c:1');
    expect(await get(cluster.node('c'), 'k')).toBe('new');
    // Whether the read waited for the repair depends on whose answers came first.
    while ((await get(cluster.node('c'), 'k', 'one')) !== 'new') await delay(1);
  });

  it('says what it knows when two of three are gone', async () => {
    cluster = await startInMemoryCluster(3);
    await put(cluster.node('a'), 'k', 'v');
    cluster.network.cutOff('b:1');
    cluster.network.cutOff('c:1');
    const failed = put(cluster.node('a'), 'k', 'w');
    await expect(failed).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'unknown',
      required: 2,
      received: 1,
    });
    const read = get(cluster.node('a'), 'k');
    await expect(read).rejects.toMatchObject({ code: 'unavailable', required: 2, received: 1 });
    expect(await get(cluster.node('a'), 'k', 'one')).toMatch(/^[vw]$/);
  });

  it('lists every key once, whichever node is asked', async () => {
    cluster = await startInMemoryCluster(3);
    const keys = Array.from({ length: 300 }, (_, index) => `key ${index}`);
    await Promise.all(keys.map((key) => put(cluster!.node('a'), key, key)));
    const listed: string[] = [];
    for await (const page of cluster.node('b').coordinator.scan({ consistency: 'quorum' })) {
      listed.push(...page.entries.map(({ key }) => textOf(key)));
    }
    expect(listed.sort()).toEqual(keys.sort());
  });

  it('serves for the first time once all members have met, and later with a quorum', async () => {
    cluster = createInMemoryCluster(3);
    const [first, second] = await Promise.all([cluster.start('a'), cluster.start('b')]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Were c not new but away, it might hold what a wiped member acknowledged.
    expect(first.isServing() || second.isServing()).toBe(false);
    const third = await cluster.start('c');
    await Promise.all([first, second, third].map((node) => node.serving()));
    await third.stop();
    await second.stop();
    const again = await cluster.start('b');
    await again.serving();
    expect(again.members().map(({ id, number, state }) => [id, number, state])).toEqual([
      ['a', 1, 'up'],
      ['b', 2, 'up'],
      ['c', 3, 'down'],
    ]);
  });

  it('does not serve with a member that was told something else', async () => {
    cluster = createInMemoryCluster(2);
    const [a, b] = await Promise.all([cluster.start('a'), cluster.start('b', { partitions: 64 })]);
    const failed = put(a, 'k', 'v');
    await expect(failed).rejects.toMatchObject({ code: 'unavailable', outcome: 'not-applied' });
    expect(cluster.logger('a').messages('error')).toContain('peer belongs to another cluster');
    expect(a.isServing() || b.isServing()).toBe(false);
    expect(a.clusterId).not.toBe(b.clusterId);
  });

  it('tells who waits for it that it was stopped', async () => {
    cluster = createInMemoryCluster(3);
    const alone = await cluster.start('a');
    const waiting = alone.serving();
    await alone.stop();
    expect(await waiting.catch((error: unknown) => hasCode(error, 'closed'))).toBe(true);
  });
});

describe('a cluster of five with factor three', () => {
  it('coordinates through nodes that hold no copy', async () => {
    cluster = await startInMemoryCluster(5);
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    for (const key of keys) {
      for (const writer of cluster.nodes) await put(writer, key, `${key} ${writer.id}`);
      for (const reader of cluster.nodes) {
        expect(await get(reader, key)).toBe(`${key} e`);
        expect(await get(reader, key, 'one')).toBe(`${key} e`);
      }
    }
  });

  it('lets a node join by the list of another that names it', async () => {
    cluster = createInMemoryCluster(5);
    await cluster.start('a');
    const joined = await cluster.start('b', { peers: undefined, partitions: undefined, join: 'a:1' });
    expect(joined.clusterId).toBe(cluster.node('a').clusterId);
    expect(joined.members()).toHaveLength(5);
    const stranger = cluster.start('c', { id: 'z', peers: undefined, partitions: undefined, join: 'a:1' });
    await expect(stranger).rejects.toMatchObject({ reason: 'usage', message: expect.stringContaining('z') });
  });
});
