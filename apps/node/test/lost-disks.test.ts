import { afterEach, describe, expect, it } from '@jest/globals';

import type { Node } from '../src/index.js';
import { createInMemoryCluster, type InMemoryCluster, startInMemoryCluster } from './in-memory-cluster.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const ids = ['a', 'b', 'c'];
const keys = Array.from({ length: 50 }, (_, index) => `key ${index}`);
const fast = { rebuildPauseMs: 50, probeIntervalMs: 50 };

let cluster: InMemoryCluster;

afterEach(async () => {
  await cluster.stop();
});

async function put(node: Node, key: string, value: string): Promise<void> {
  const request = {
    key: bytes(key),
    value: bytes(value),
    consistency: 'quorum',
    wantPrevious: false,
  } as const;
  await node.coordinator.put(request, { timeoutMs: 2_000 });
}

async function get(node: Node, key: string): Promise<string | undefined> {
  const found = await node.coordinator.get({ key: bytes(key), consistency: 'quorum' }, { timeoutMs: 2_000 });
  return found.found ? new TextDecoder().decode(found.value) : undefined;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const isRebuilt = (id: string) => () =>
  cluster.logger(id).messages('info').includes('partitions rebuilt') &&
  cluster.node(id).suspectPartitions().size === 0;

describe('rule 15: a member whose disk was lost', () => {
  it('rule 15: an empty disk under an old name is noticed, and counts only once it was rebuilt', async () => {
    cluster = await startInMemoryCluster(3, fast);
    // c misses these writes, so that they are on a and b only.
    cluster.network.cutOff('c:1');
    for (const key of keys) await put(cluster.node('a'), key, key);
    await cluster.node('a').stop();
    await cluster.node('b').stop();
    cluster.network.heal('c:1');
    cluster.putDisk('a');

    const wiped = await cluster.start('a', fast);
    // a knows nothing and c missed it all: together they must not say "not found".
    const reading = get(cluster.node('c'), keys[0]!);
    await expect(reading).rejects.toMatchObject({ code: 'unavailable' });
    const notice =
      'a peer remembers a newer data directory of this member: this one was wiped, or is an old copy';
    await until(() => cluster.logger('a').messages('warn').includes(notice));

    const sound = await cluster.start('b', fast);
    await Promise.all([wiped.serving(), sound.serving()]);
    await until(isRebuilt('a'));
    await sound.stop();
    for (const key of keys) expect(await get(wiped, key)).toBe(key);
    await put(wiped, keys[0]!, 'new');
    expect(await get(cluster.node('c'), keys[0]!)).toBe('new');
  });

  it('rule 14: a member whose clock was far ahead when it came back is rebuilt all the same', async () => {
    cluster = await startInMemoryCluster(3, fast);
    for (const key of keys) await put(cluster.node('a'), key, key);
    await cluster.node('c').stop();
    cluster.putDisk('c');
    cluster.setClock('c', 600_000);
    await cluster.start('c', fast);
    await until(() =>
      cluster
        .logger('c')
        .messages('warn')
        .includes('everything here is rebuilt from the other members before it counts'),
    );
    // Its time has gone ahead with the clock, and does not come back with it.
    await new Promise((resolve) => setTimeout(resolve, 100));
    cluster.setClock('c', 0);
    await until(isRebuilt('c'));
  });

  it('rule 15: an old copy of a disk is noticed by its shorter log', async () => {
    cluster = await startInMemoryCluster(3, fast);
    await put(cluster.node('a'), keys[0]!, 'old');
    await cluster.node('a').stop();
    const copy = cluster.copyDisk('a');
    await (await cluster.start('a', fast)).serving();
    cluster.network.cutOff('c:1');
    for (const key of keys) await put(cluster.node('a'), key, key);
    // Long enough for a probe to tell b how long the log is now.
    await new Promise((resolve) => setTimeout(resolve, 200));
    cluster.network.heal('c:1');
    await cluster.node('a').stop();
    cluster.putDisk('a', copy);

    const restored = await cluster.start('a', fast);
    await restored.serving();
    await until(isRebuilt('a'));
    await cluster.node('b').stop();
    for (const key of keys) expect(await get(restored, key)).toBe(key);
  });

  it('rule 15: the very same disk is no loss', async () => {
    cluster = await startInMemoryCluster(3, fast);
    for (const key of keys) await put(cluster.node('a'), key, key);
    for (const id of ids) await cluster.node(id).stop();
    const nodes = await Promise.all(ids.map((id) => cluster.start(id, fast)));
    await Promise.all(nodes.map((node) => node.serving()));
    for (const key of keys) expect(await get(nodes[2]!, key)).toBe(key);
    for (const id of ids)
      expect(
        cluster
          .logger(id)
          .messages('warn')
          .filter((text) => text.includes('rebuilt')),
      ).toEqual([]);
  });

  it('rule 14: two that lost their disks rebuild from each other and from the third', async () => {
    cluster = await startInMemoryCluster(3, fast);
    for (const key of keys) await put(cluster.node('a'), key, key);
    for (const id of ['a', 'b']) {
      await cluster.node(id).stop();
      cluster.putDisk(id);
    }
    const wiped = await Promise.all(['a', 'b'].map((id) => cluster.start(id, fast)));
    // Rebuilt is not yet admitted: until the others remember its new incarnation, a member abstains.
    await Promise.all(wiped.map((member) => member.serving()));
    await Promise.all([until(isRebuilt('a')), until(isRebuilt('b'))]);
    await cluster.node('c').stop();
    for (const key of keys) expect(await get(cluster.node('a'), key)).toBe(key);
  });
});

describe('rule 15: the first start of a member', () => {
  it('rule 15: does not count beside another new one while the third is away', async () => {
    cluster = createInMemoryCluster(3);
    const nodes = await Promise.all(['a', 'b'].map((id) => cluster.start(id, fast)));
    await new Promise((resolve) => setTimeout(resolve, 200));
    await expect(put(nodes[0]!, 'k', 'v')).rejects.toMatchObject({
      code: 'unavailable',
      outcome: 'not-applied',
    });
    const third = await cluster.start('c', fast);
    // Until the other two are admitted themselves, their acknowledgements do not count either.
    await Promise.all([...nodes, third].map((node) => node.serving()));
    await put(third, 'k', 'v');
  });
});
