import { afterEach, describe, expect, it } from '@jest/globals';

import type { NodeComposition, OpenedEvent } from '../src/index.js';
import { createInMemoryCluster, type InMemoryCluster } from './in-memory-cluster.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const options = { antiEntropyIntervalMs: 50, probeIntervalMs: 50 };
const ids = ['a', 'b', 'c'];

let cluster: InMemoryCluster;
const opened = new Map<string, OpenedEvent>();

afterEach(async () => {
  await cluster.stop();
});

async function start(): Promise<void> {
  cluster = createInMemoryCluster(3);
  const nodes = await Promise.all(
    ids.map((id) => {
      const composition: NodeComposition = { observer: { opened: (event) => void opened.set(id, event) } };
      return cluster.start(id, options, composition);
    }),
  );
  await Promise.all(nodes.map((node) => node.serving()));
}

function digestOf(id: string): string {
  const { engine } = opened.get(id)!;
  const partitions = Array.from({ length: engine.partitions }, (_, partition) => engine.digest(partition));
  return partitions.map((words) => words.join()).join(';');
}

const recordsOf = (id: string) => opened.get(id)!.engine.stats().keys;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

const areAlike = () => new Set(ids.map(digestOf)).size === 1;

/** Records that anti-entropy took and sent so far; an exchange is counted when it ends, a little after the copies are alike. */
function exchanged(): number {
  const counters = ids.map((id) => cluster.node(id).background().antiEntropy);
  return counters.reduce((sum, { kept, sent }) => sum + kept + sent, 0);
}

describe('anti-entropy', () => {
  it('makes copies alike that no read compares, deletes included', async () => {
    await start();
    const { coordinator } = cluster.node('a');
    const write = { consistency: 'quorum', wantPrevious: false } as const;
    const keys = Array.from({ length: 100 }, (_, index) => bytes(`key ${index}`));
    await Promise.all(keys.map((key) => coordinator.put({ key, value: key, ...write })));
    await until(areAlike);
    cluster.network.cutOff('c:1');
    await Promise.all(
      keys.slice(0, 40).map((key) => coordinator.put({ key, value: bytes('new'), ...write })),
    );
    await Promise.all(keys.slice(60).map((key) => coordinator.delete({ key, ...write })));
    expect(areAlike()).toBe(false);
    cluster.network.heal('c:1');
    await until(areAlike);
    expect(recordsOf('c')).toBe(recordsOf('a'));
    await until(() => exchanged() >= 80);
  });

  it('is quiet while copies are alike', async () => {
    await start();
    await until(() => ids.every((id) => cluster.node(id).background().antiEntropy.passes >= 3));
    for (const id of ids) {
      expect(cluster.node(id).background().antiEntropy).toMatchObject({ differed: 0, kept: 0, sent: 0 });
    }
    expect(cluster.network.delivered.get('ScanPartition')).toBeUndefined();
  });
});
