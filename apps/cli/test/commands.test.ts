import { Writable } from 'node:stream';

import { describe, expect, it } from '@jest/globals';
import type { NodeStatus } from '@kv/client';
import { KvError } from '@kv/errors';

import { FakeStore, runCli } from './fake-io.js';

const serving: NodeStatus = {
  id: 'node1',
  version: '0.1.0',
  uptimeMs: 93_784_000,
  serving: true,
  durability: 'always',
  keys: 12,
  tombstones: 3,
  memoryBytes: 2048,
  memoryBytesMax: 1024 ** 3,
  logBytes: 10,
  damagedPartitions: [],
  serverTimeMs: 1,
};

describe('kv put', () => {
  it('prints the version, and asks for no previous value', async () => {
    const store = new FakeStore();
    expect(await runCli(store, ['put', 'k', 'é'])).toMatchObject({
      code: 0,
      stdout: '1-65537\n',
      stderr: '',
    });
    expect(store.entries.get('k')!.value).toEqual(new TextEncoder().encode('é'));
    expect(store.puts[0]!.options).toMatchObject({ previous: false });
  });

  it('prints the previous value when asked', async () => {
    const store = new FakeStore();
    expect((await runCli(store, ['put', 'k', 'one', '--previous'])).stdout).toBe('1-65537\nprevious none\n');
    expect((await runCli(store, ['put', 'k', 'two', '--previous'])).stdout).toBe(
      '2-65537\nprevious value: one\n',
    );
    const told = JSON.parse((await runCli(store, ['put', 'k', 'three', '--json'])).stdout) as unknown;
    expect(told).toEqual({
      version: { timestamp: 3, node: 65_537 },
      previous: 'value',
      previousValue: 'two',
    });
  });

  it('takes a time to live', async () => {
    const store = new FakeStore();
    await runCli(store, ['put', 'k', 'v', '--ttl-ms', '500']);
    expect(store.puts[0]!.options).toMatchObject({ ttlMs: 500 });
  });

  it('takes and prints base64', async () => {
    const store = new FakeStore();
    await runCli(store, ['put', '--base64', '/w==', '/v8=']);
    expect(store.entries.get('\u00ff')!.value).toEqual(Buffer.from([0xfe, 0xff]));
    expect((await runCli(store, ['get', '--base64', '/w=='])).stdout).toBe('/v8=\n');
    expect((await runCli(store, ['delete', '--base64', '--previous', '/w=='])).stdout).toContain(
      'value: /v8=\n',
    );
    expect(await runCli(store, ['put', '--base64', 'a', 'YQ'])).toMatchObject({ code: 2 });
  });

  it('takes a value that begins with a dash after --', async () => {
    const store = new FakeStore();
    await runCli(store, ['put', '--', 'k', '-5']);
    expect(Buffer.from(store.entries.get('k')!.value).toString()).toBe('-5');
  });
});

describe('kv get', () => {
  it('prints the value and a newline', async () => {
    const store = new FakeStore();
    await runCli(store, ['put', 'k', 'v']);
    expect(await runCli(store, ['get', 'k'])).toMatchObject({ code: 0, stdout: 'v\n', stderr: '' });
    expect(JSON.parse((await runCli(store, ['--json', 'get', 'k'])).stdout)).toMatchObject({
      found: true,
      value: 'v',
    });
  });

  it('says not found on standard error, with exit code 1', async () => {
    expect(await runCli(new FakeStore(), ['get', 'k'])).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'not found\n',
    });
    const json = await runCli(new FakeStore(), ['get', 'k', '--json']);
    expect(json).toMatchObject({ code: 1, stdout: '{"found":false}\n' });
  });

  it('prints bytes that are no text as they are', async () => {
    const store = new FakeStore();
    await runCli(store, ['put', '--base64', Buffer.from('k').toString('base64'), '/wA=']);
    expect((await runCli(store, ['get', 'k'])).stdoutBytes).toEqual(Buffer.from([0xff, 0]));
    expect(JSON.parse((await runCli(store, ['get', 'k', '--json'])).stdout)).toMatchObject({
      valueBase64: '/wA=',
    });
  });
});

describe('kv delete', () => {
  it('prints the version, also of an absent key', async () => {
    const store = new FakeStore();
    await runCli(store, ['put', 'k', 'v']);
    expect(await runCli(store, ['delete', 'k', '--previous'])).toMatchObject({
      code: 0,
      stdout: '2-65537\nprevious value: v\n',
    });
    expect(await runCli(store, ['delete', 'k', '--previous'])).toMatchObject({
      code: 0,
      stdout: '3-65537\nprevious none\n',
    });
  });
});

describe('kv scan', () => {
  async function filled(): Promise<FakeStore> {
    const store = new FakeStore();
    for (const key of ['a1', 'a2', 'a3', 'b1']) await runCli(store, ['put', key, `of ${key}`]);
    return store;
  }

  it('prints keys and values, as many as asked for', async () => {
    const store = await filled();
    expect((await runCli(store, ['scan'])).stdout).toBe('a1\tof a1\na2\tof a2\na3\tof a3\nb1\tof b1\n');
    expect((await runCli(store, ['scan', '--prefix', 'a', '--after', 'a1', '--limit', '1'])).stdout).toBe(
      'a2\tof a2\n',
    );
    expect((await runCli(store, ['scan', '--json', '--limit', '1'])).stdout).toBe(
      '{"key":"a1","value":"of a1","version":{"timestamp":1,"node":65537}}\n',
    );
  });

  it('writes out what would move a terminal or break a line', async () => {
    const store = new FakeStore();
    await runCli(store, ['put', 'k\n', '\u001b[2Jx\t\\\u009b']);
    expect((await runCli(store, ['scan'])).stdout).toBe('k\\n\t\\x1b[2Jx\\t\\\\\\x9b\n');
  });

  it('ends quietly when its reader goes away', async () => {
    const store = await filled();
    const stdout = new Writable({
      highWaterMark: 1,
      write: (_, __, done) => done(Object.assign(new Error('broken pipe'), { code: 'EPIPE' })),
    });
    expect(await runCli(store, ['scan'], { io: { stdout } })).toMatchObject({ code: 0, stderr: '' });
    const full = new Writable({
      highWaterMark: 1,
      write: (_, __, done) => done(Object.assign(new Error('no space left'), { code: 'ENOSPC' })),
    });
    expect(await runCli(store, ['scan'], { io: { stdout: full } })).toMatchObject({ code: 3 });
  });

  it('fails with what the scan failed with', async () => {
    const store = await filled();
    store.scanFailure = new KvError('unavailable', 'no endpoint answers', { required: 2, received: 1 });
    expect(await runCli(store, ['scan'])).toMatchObject({
      code: 3,
      stderr: 'kv: unavailable: no endpoint answers (1 of 2 replicas answered)\n',
    });
  });
});

describe('kv status', () => {
  it('prints a line for each endpoint', async () => {
    const store = new FakeStore();
    store.statuses = { 'a:1': serving, 'b:1': { ...serving, id: 'node2', damagedPartitions: [4, 5] } };
    const { code, stdout } = await runCli(store, ['status', '--endpoints', 'a:1,b:1']);
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      expect.arrayContaining(['ENDPOINT', 'ID', 'STATE', 'KEYS']),
      ['a:1', 'node1', 'serving', '12', '3', '2.0 KiB', '1.0 GiB', '10 B', 'always', '1d 2h', '0.1.0'],
      expect.arrayContaining(['b:1', 'node2', 'serving, 2 partitions damaged']),
      [''],
    ]);
  });

  it('says which does not answer or serve, with exit code 3', async () => {
    const store = new FakeStore();
    store.statuses = { 'a:1': serving };
    const result = await runCli(store, ['status', '--endpoints', 'a:1,b:1']);
    expect(result).toMatchObject({ code: 3, stderr: 'unavailable: b:1: no connection\n' });
    expect(result.stdout).toMatch(/b:1 +- +no answer/);
    const json = JSON.parse(
      (await runCli(store, ['status', '--endpoints', 'a:1,b:1', '--json'])).stdout,
    ) as unknown;
    expect(json).toMatchObject([
      { endpoint: 'a:1', keys: 12 },
      { endpoint: 'b:1', error: { code: 'unavailable' } },
    ]);
    store.statuses = { 'a:1': { ...serving, serving: false } };
    expect(await runCli(store, ['status', '--endpoints', 'a:1'])).toMatchObject({ code: 3 });
  });
});

describe('kv ring', () => {
  it('counts the partitions and primaries of each member', async () => {
    const { stdout } = await runCli(new FakeStore(), ['ring']);
    expect(stdout).toContain('cluster c1, epoch 1: 3 partitions, replication factor 2, keys by xxh32');
    expect(stdout).toMatch(/node1 +1 +a:1 +- +up +2 +1\n/);
    expect(stdout).toMatch(/node2 +2 +b:1 +z +down +3 +2\n/);
    expect(JSON.parse((await runCli(new FakeStore(), ['ring', '--json'])).stdout)).toMatchObject({
      clusterId: 'c1',
    });
  });
});

describe('endpoints and levels', () => {
  it('come from the flag, else the environment, else the default', async () => {
    const store = new FakeStore();
    await runCli(store, ['get', 'k', '--endpoints', 'a:1, b:2'], { env: { KV_ENDPOINTS: 'c:3' } });
    await runCli(store, ['get', 'k'], { env: { KV_ENDPOINTS: 'c:3' } });
    await runCli(store, ['get', 'k']);
    expect(store.connected.map(({ endpoints }) => endpoints)).toEqual([
      ['a:1', 'b:2'],
      ['c:3'],
      ['127.0.0.1:50051', '127.0.0.1:50052', '127.0.0.1:50053'],
    ]);
    expect(store.closed).toBe(3);
  });

  it('are passed on', async () => {
    const store = new FakeStore();
    await runCli(store, ['--consistency', 'one', 'get', 'k', '--timeout-ms', '70']);
    expect(store.connected[0]!.options).toMatchObject({ consistency: 'one', timeoutMs: 70 });
  });
});

describe('wrong usage', () => {
  it.each([
    [[]],
    [['frobnicate']],
    [['get']],
    [['get', 'k', 'extra']],
    [['put', 'k']],
    [['put', 'k', 'v', '--ttl-ms', '-1']],
    [['put', 'k', 'v', '--ttl-ms', '1.5']],
    [['put', 'k', 'v', '--unknown-flag']],
    [['get', 'k', '--consistency', 'most']],
    [['get', 'k', '--timeout-ms', '0']],
    [['scan', '--limit', '0']],
    [['import', '--concurrency', '0']],
    [['put', '', 'v']],
  ])('%j ends with code 2 and says why', async (argv) => {
    const store = new FakeStore();
    const { code, stdout, stderr } = await runCli(store, argv);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
    expect(store.puts).toEqual([]);
  });

  it('does not concern the version', async () => {
    expect(await runCli(new FakeStore(), ['--version'])).toMatchObject({ code: 0, stdout: '0.1.0\n' });
  });

  it('does not concern help', async () => {
    expect(await runCli(new FakeStore(), ['--help'])).toMatchObject({ code: 0, stderr: '' });
    expect((await runCli(new FakeStore(), ['put', '--help'])).stdout).toContain('--endpoints');
  });
});

describe('failures', () => {
  it('end with code 3, in words or as JSON', async () => {
    const store = new FakeStore();
    const failure = (): KvError =>
      new KvError('unavailable', 'too few', { outcome: 'unknown', required: 2, received: 1 });
    store.putFailures.set('k', [failure(), failure()]);
    expect(await runCli(store, ['put', 'k', 'v'])).toMatchObject({
      code: 3,
      stderr: 'kv: unavailable: too few (1 of 2 replicas answered, it may have taken effect)\n',
    });
    expect(JSON.parse((await runCli(store, ['put', 'k', 'v', '--json'])).stderr)).toEqual({
      error: { code: 'unavailable', message: 'too few', outcome: 'unknown', required: 2, received: 1 },
    });
  });
});
