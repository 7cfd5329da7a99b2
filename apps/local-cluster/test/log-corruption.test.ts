import { readFile, stat, truncate, writeFile } from 'node:fs/promises';

import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KvClient } from '@kv/client';

import type { LocalCluster, LocalNode } from '../src/index.js';
import { dataFiles } from './data-files.js';
import { eventually } from './eventually.js';
import { inFlight, range } from './in-flight.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

const keys = range(100).map((i) => `key ${i}`);

const stage = createStage();
let cluster: LocalCluster;
let clients: readonly KvClient[];

beforeAll(async () => {
  cluster = await stage.cluster();
  clients = stage.clientOfEach(cluster);
  await inFlight(16, keys, (key) => clients[0]!.put(key, `value of ${key}.`, { consistency: 'all' }));
});

async function newestLog(node: LocalNode): Promise<string> {
  return (await dataFiles(node, 'log')).at(-1)!;
}

async function expectEveryValue(): Promise<void> {
  for (const client of clients) {
    const read = await inFlight(8, keys, (key) => client.get(key));
    expect(read).toEqual(keys.map((key) => `value of ${key}.`));
  }
}

describe('log recovery', () => {
  it('a log cut short, as a crash leaves it, is used up to the cut, and the node serves', async () => {
    const node = cluster.nodes[1]!;
    await node.kill();
    const log = await newestLog(node);
    const { size } = await stat(log);
    await truncate(log, size - 20);
    await startAgain([node], clients);
    await expectEveryValue();
    // What was cut had been acknowledged, and the peers may know how long the log was: then it is given back first.
    await eventually('everything is rebuilt', async () => {
      const { damagedPartitions } = await clients[1]!.status(node.address);
      return damagedPartitions.length === 0;
    });
  });
});

describe('log corruption', () => {
  it('a flipped byte in one node: it says what is damaged, serves nothing wrong, and is rebuilt from the others', async () => {
    const node = cluster.nodes[2]!;
    await node.stop();
    const damaged = `value of ${keys[50]!}.`;
    const logs = await dataFiles(node, 'log');
    const contents = await Promise.all(logs.map((log) => readFile(log)));
    const which = contents.findIndex((bytes) => bytes.includes(damaged));
    const bytes = contents[which]!;
    bytes[bytes.indexOf(damaged)]! ^= 0xff;
    await writeFile(logs[which]!, bytes);
    const before = (await readFile(node.logPath, 'utf8')).length;
    await startAgain([node], clients);

    await expectEveryValue();
    // Its own copy of that key is never shown before it is whole again; another replica may answer in its place.
    const own = await clients[2]!
      .get(keys[50]!, { consistency: 'one' })
      .catch((error: unknown) => (error as { code: string }).code);
    expect([damaged, 'unavailable']).toContain(own);
    await eventually('everything is rebuilt', async () => {
      const { damagedPartitions } = await clients[2]!.status(node.address);
      return damagedPartitions.length === 0;
    });
    const said = (await readFile(node.logPath, 'utf8')).slice(before);
    expect(said).toMatch(/records may be lost/);
    expect(said).toContain('partitions rebuilt');

    await clients[2]!.put(keys[50]!, 'written after', { consistency: 'quorum' });
    for (const client of clients) expect(await client.get(keys[50]!)).toBe('written after');
  });
});
