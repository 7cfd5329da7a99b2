import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { open } from '@kv/storage';

import { FakeStore, runCli, type RunResult } from './fake-io.js';

let folder: string;
let directory: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kv-cli-test-'));
  directory = join(folder, 'data');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const storage = (...words: string[]): Promise<RunResult> => {
  const store = new FakeStore();
  store.nowMs = Date.now();
  return runCli(store, ['storage', ...words]);
};
const jsonOf = ({ stdout }: RunResult): unknown => JSON.parse(stdout);
const linesOf = ({ stdout }: RunResult): unknown[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line): unknown => JSON.parse(line));

/** Closed in good order: a snapshot with three keys, and a log that deletes one and adds two. */
async function filled(): Promise<void> {
  const store = await open(directory, { valueEncoding: 'binary' });
  await store.put('a', 'one');
  await store.put('b', Uint8Array.of(255, 0));
  await store.put('gone', 'soon');
  await store.snapshot();
  await store.delete('gone');
  await store.put('a', 'two');
  await store.put('short', 'lived', { ttlMs: 1 });
  await store.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
}

async function newestLog(): Promise<string> {
  const logs = (await readdir(directory)).filter((name) => name.startsWith('log-'));
  const filledLogs = [];
  for (const name of logs.sort()) {
    const bytes = await readFile(join(directory, name));
    if (bytes.includes('lived')) filledLogs.push(join(directory, name));
  }
  return filledLogs.at(-1)!;
}

async function contents(): Promise<unknown> {
  const names = (await readdir(directory)).sort();
  return Promise.all(
    names.map(async (name) => [name, (await readFile(join(directory, name))).toString('hex')]),
  );
}

describe('kv storage verify', () => {
  it('tells of every file and what opening finds, and changes nothing', async () => {
    await filled();
    const before = await contents();
    const result = await storage('verify', directory);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^snapshot-\d+\.kv +snapshot +\d+ +\d+ +3 +intact$/m);
    expect(result.stdout).toMatch(/^log-\d+\.kv +log +\d+ +3 +3 +intact$/m);
    expect(result.stdout).toMatch(/^opening reads 6 records: .*\nintact\n$/m);
    expect(jsonOf(await storage('verify', directory, '--json'))).toMatchObject({
      verdict: 'intact',
      recovery: { records: 6, cutBytes: 0, damage: [] },
    });
    expect(await contents()).toEqual(before);
  });

  it('finds a flipped bit, names the file and ends with code 3', async () => {
    await filled();
    const log = await newestLog();
    const bytes = await readFile(log);
    bytes[bytes.indexOf('lived')]! ^= 1;
    await writeFile(log, bytes);
    const result = await storage('verify', directory);
    expect(result.code).toBe(3);
    expect(result.stdout).toMatch(/^log-\d+\.kv .* damaged: /m);
    expect(result.stdout).toMatch(/^opening marks \d+ partitions? that may have lost records: /m);
    expect(result.stdout).toMatch(/\ndamaged\n$/);
    // As it says: the store opens, and refuses what may be lost.
    const store = await open(directory);
    expect(store.get('a')).toBe('two');
    expect(() => store.get('short')).toThrow(expect.objectContaining({ code: 'corrupt' }));
    await store.close();
  });

  it('takes a cut end for what it is: never acknowledged', async () => {
    await filled();
    const log = await newestLog();
    await truncate(log, (await readFile(log)).indexOf('lived') + 2);
    const result = await storage('verify', directory);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^opening cuts \d+ bytes of a batch that was never acknowledged$/m);
    expect(result.stdout).toMatch(/intact but for \d+ bytes of a batch begun/);
  });

  it.each([
    ['another program', 'MANIFEST-000001\n', /is not|no manifest|another program|not a/],
    ['a newer version', undefined, /format version 99|version 99/],
  ])('refuses a directory of %s as opening does, and leaves it alone', async (_, manifest, reason) => {
    await filled();
    const path = join(directory, 'MANIFEST');
    const newer = (await readFile(path, 'utf8')).replace(/^(\S+) \d+ /, '$1 99 ');
    await writeFile(path, manifest ?? newer);
    const before = await contents();
    const result = await storage('verify', directory);
    expect(result).toMatchObject({ code: 3, stderr: '' });
    expect(result.stdout).toMatch(/\nrefused: .*MANIFEST/);
    const opened = open(directory);
    await expect(opened).rejects.toMatchObject({ code: 'corrupt', message: expect.stringMatching(reason) });
    for (const command of ['dump', 'stats']) {
      expect(await storage(command, directory)).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(/^kv: corrupt: .*MANIFEST/),
      });
    }
    expect(await contents()).toEqual(before);
  });

  it('says which process has the directory', async () => {
    const store = await open(directory);
    await store.put('a', '1');
    const { stderr } = await storage('verify', directory);
    expect(stderr).toContain(`process ${process.pid} has the directory`);
    await store.close();
  });

  it('finds the store in the directory of a node', async () => {
    directory = join(folder, 'data', 'store');
    await filled();
    await writeFile(join(folder, 'data', 'node.json'), '{}');
    expect(await storage('verify', join(folder, 'data'))).toMatchObject({ code: 0, stderr: '' });
  });

  it('wants a directory that is there', async () => {
    expect(await storage('verify', join(folder, 'absent'))).toMatchObject({ code: 2, stdout: '' });
    expect(await storage('verify')).toMatchObject({ code: 2 });
    expect(await storage()).toMatchObject({ code: 2 });
  });
});

describe('kv storage dump', () => {
  it('prints what is there as export does, so that import takes it', async () => {
    await filled();
    const result = await storage('dump', directory);
    expect(result).toMatchObject({ code: 0, stderr: 'dumped 2\n' });
    expect(linesOf(result)).toHaveLength(2);
    expect(linesOf(result)).toEqual(
      expect.arrayContaining([
        { key: 'a', value: 'two' },
        { key: 'b', valueBase64: '/wA=' },
      ]),
    );
    const cluster = new FakeStore();
    expect(await runCli(cluster, ['import'], { stdin: result.stdout })).toMatchObject({ code: 0 });
    expect([...cluster.entries.keys()].sort()).toEqual(['a', 'b']);
    expect(linesOf(await storage('dump', directory, '--prefix', 'b'))).toHaveLength(1);
  });

  it('prints versions, and what was replaced, when asked', async () => {
    await filled();
    const all = linesOf(await storage('dump', directory, '--all'));
    const version = { timestamp: expect.any(Number), node: 0 };
    expect(all).toContainEqual({ key: 'short', value: 'lived', expiresAtMs: expect.any(Number), version });
    const history = linesOf(await storage('dump', directory, '--history'));
    expect(history).toHaveLength(6);
    const where = { file: expect.stringMatching(/^log-/), batch: expect.any(Number), version };
    expect(history.slice(3)).toEqual([
      { ...where, key: 'gone', tombstone: true },
      { ...where, key: 'a', value: 'two' },
      { ...where, key: 'short', value: 'lived', expiresAtMs: expect.any(Number) },
    ]);
  });

  it('gives what is left of a damaged directory, and says that something may be lost', async () => {
    await filled();
    const log = await newestLog();
    const bytes = await readFile(log);
    bytes[bytes.indexOf('two')]! ^= 1;
    await writeFile(log, bytes);
    const result = await storage('dump', directory);
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(/may have lost records/);
    expect(linesOf(result)).toContainEqual({ key: 'b', valueBase64: '/wA=' });
  });
});

describe('kv storage stats', () => {
  it('counts keys, bytes and files', async () => {
    await filled();
    const result = await storage('stats', directory);
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(result.stdout).toMatch(/^value bytes max +5$/m);
    const figures = jsonOf(await storage('stats', directory, '--json'));
    expect(figures).toMatchObject({
      ...{ kind: 'embedded store', keys: 3, expired: 1, recordsInFiles: 6, incarnation: 1 },
      ...{ keyBytes: 7, keyBytesMax: 5, valueBytes: 10, valueBytesMax: 5, suspectPartitions: 0 },
    });
  });
});
