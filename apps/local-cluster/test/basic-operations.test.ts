import { beforeAll, describe, expect, it } from '@jest/globals';
import { type KvClient, unknown } from '@kv/client';

import type { LocalCluster } from '../src/index.js';
import { range } from './in-flight.js';
import { runKv } from './run-command.js';
import { createStage } from './stage.js';

const stage = createStage();
let cluster: LocalCluster;
let clients: readonly KvClient[];

beforeAll(async () => {
  cluster = await stage.cluster();
  clients = stage.clientOfEach(cluster);
});

describe('basic operations', () => {
  it('a value put through each node is read through every other one', async () => {
    for (const [writer, client] of clients.entries()) {
      await client.put(`from-${writer}`, `value of ${writer}`);
      for (const reader of clients) expect(await reader.get(`from-${writer}`)).toBe(`value of ${writer}`);
    }
  });

  it('a second put reports the first value, delete the last one, and get after delete finds nothing', async () => {
    const [first, second, third] = clients as [KvClient, KvClient, KvClient];
    expect((await first.put('story', 'one')).previous).toBeUndefined();
    expect((await second.put('story', 'two')).previous).toBe('one');
    expect((await third.delete('story')).previous).toBe('two');
    for (const client of clients) expect(await client.get('story')).toBeUndefined();
    expect((await first.put('story', 'three')).previous).toBeUndefined();
  });

  it('deleting an absent key is no error and reports nothing', async () => {
    expect((await clients[0]!.delete('never written')).previous).toBeUndefined();
  });

  it('a previous value that was declined is not told', async () => {
    await clients[0]!.put('declined', 'old');
    expect((await clients[1]!.put('declined', 'new', { previous: false })).previous).toBe(unknown);
  });

  it.each(['one', 'quorum', 'all', 'linearizable'] as const)(
    'level %s writes and reads',
    async (consistency) => {
      await clients[0]!.put(`level-${consistency}`, 'written', { consistency });
      expect(await clients[0]!.get(`level-${consistency}`, { consistency })).toBe('written');
    },
  );

  it('scan gives every key with the prefix once, through any node', async () => {
    const keys = range(300).map((i) => `scan/${i}`);
    await Promise.all(keys.map((key) => clients[0]!.put(key, `of ${key}`)));
    await clients[0]!.put('scam', 'not asked for');
    for (const client of clients) {
      const seen = new Map<string, string>();
      for await (const { key, value } of client.scan({ prefix: 'scan/' })) {
        expect(seen.has(key)).toBe(false);
        seen.set(key, value);
      }
      expect([...seen].sort()).toEqual(keys.map((key) => [key, `of ${key}`]).sort());
    }
  });

  it('the kv command puts, gets and deletes, with exact output and exit codes', async () => {
    const where = ['--endpoints', cluster.endpoints.join(',')];
    expect(await runKv(['put', 'greeting', 'hello', ...where])).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await runKv(['get', 'greeting', ...where])).toMatchObject({ exitCode: 0, stdout: 'hello\n' });
    expect(await runKv(['delete', 'greeting', ...where])).toMatchObject({ exitCode: 0 });
    expect(await runKv(['get', 'greeting', ...where])).toMatchObject({ exitCode: 1, stdout: '' });
    const status = await runKv(['status', ...where]);
    expect(status.exitCode).toBe(0);
    for (const { id } of cluster.nodes) expect(status.stdout).toContain(id);
  });
});
