import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { partNames, peerParts } from '../src/cluster/part-names.js';
import type { Report } from '../src/cluster/result.js';
import { etcdVersion } from '../src/peers/etcd-servers.js';
import { redisVersion } from '../src/peers/redis-servers.js';

const execute = promisify(execFile);
const main = join(import.meta.dirname, '../dist/main.js');
const tiny = [
  '--duration-ms',
  '40',
  '--warm-up-ms',
  '10',
  '--keys',
  '40',
  '--many-keys',
  '60',
  '--rounds',
  '2',
];
const short = ['--sustained-seconds', '1', '--memory-minutes', '0.02', '--node-counts', '3', '4'];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kv-bench-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the bench command', () => {
  it('measures every part, writes results, report and plots, and leaves out peers that are not there', async () => {
    const json = join(folder, 'results.json');
    const words = ['--quick', '--peers', '--long', ...tiny, ...short, '--in-flight', '1', '4'];
    const { stdout, stderr } = await execute(
      process.execPath,
      [main, ...words, '--json', json, '--report', join(folder, 'report')],
      { env: { ...process.env, TMPDIR: folder } },
    );
    const { machine, results, failures } = JSON.parse(await readFile(json, 'utf8')) as Report;

    expect(failures).toEqual([]);
    expect(machine).toMatchObject({ cores: expect.any(Number), node: process.version });
    const isThere = {
      redis: redisVersion() !== undefined,
      'redis-always': redisVersion() !== undefined,
      etcd: etcdVersion() !== undefined,
    };
    const measured = partNames.filter((part) => results.some((result) => result.part === part));
    expect(measured).toEqual(partNames.filter((part) => !(part in isThere) || isThere[part as 'etcd']));
    if (!isThere.etcd) expect(stderr).toContain('etcd is not installed');
    for (const result of results) {
      expect(result.opsPerSecond).toBeGreaterThan(0);
      expect(result.p50Us).toBeGreaterThan(0);
      expect(result.p99Us).toBeGreaterThanOrEqual(result.p50Us);
      expect(result).toMatchObject({ inFlight: expect.any(Number), clients: expect.any(Number) });
      expect(result).toMatchObject({ level: expect.any(String), durability: expect.any(String) });
    }
    const throughput = results.filter(({ part }) => part === 'throughput');
    expect(throughput.map(({ workload, level, inFlight }) => `${workload} ${level} ${inFlight}`)).toEqual(
      expect.arrayContaining(['put quorum 1', 'get quorum 4', 'mixed quorum 4', 'put one 1', 'get one 4']),
    );
    // Systems alternate, each round beginning with another one.
    for (const part of peerParts.filter((name) => measured.includes(name))) {
      const first = (round: number) =>
        results.find((result) => result.part === part && result.round === round);
      expect(first(1)!.system).not.toBe(first(2)!.system);
    }
    expect(stdout).toContain('## What is wanted');
    expect(await readFile(join(folder, 'report/report.md'), 'utf8')).toContain('(throughput-rate.svg)');
    expect(await readdir(join(folder, 'report'))).toEqual(
      expect.arrayContaining(['throughput-rate.svg', 'scale.svg', 'sustained-rate.svg', 'memory.svg']),
    );
    // The clusters' data are gone.
    expect((await readdir(folder)).sort()).toEqual(['report', 'results.json']);
  }, 300_000);

  it('writes a profile and a flame graph of each process', async () => {
    const profiles = join(folder, 'profiles');
    const { stdout } = await execute(process.execPath, [
      ...[
        main,
        '--profile',
        profiles,
        '--duration-ms',
        '200',
        '--run-in-ms',
        '50',
        '--keys',
        '40',
        '--in-flight',
        '4',
      ],
    ]);
    const names = ['put', 'get'].flatMap((load) =>
      ['client', 'node1', 'node2', 'node3'].map((name) => `${load}-4-${name}`),
    );
    expect((await readdir(profiles)).sort()).toEqual(
      [...names.flatMap((name) => [`${name}.cpuprofile`, `${name}.svg`]), 'top.md'].sort(),
    );
    expect(stdout.match(/^### /gm)).toHaveLength(names.length);
    // The client’s own code is seen at work.
    expect(await readFile(join(profiles, 'put-4-client.svg'), 'utf8')).toMatch(/<title>#?\w+ .*driver\.js/);
  }, 60_000);

  it('ends everything when it is interrupted, and reports what it has', async () => {
    const own = await mkdtemp(join(folder, 'interrupted-'));
    const report = join(folder, 'partial');
    const child = spawn(
      process.execPath,
      [main, '--only', 'throughput', '--keys', '40', '--report', report],
      {
        env: { ...process.env, TMPDIR: own },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    const exit = once(child, 'exit');
    await once(child.stderr, 'data');
    expect(await readdir(own)).toHaveLength(1);
    child.kill('SIGINT');
    expect(await exit).toEqual([130, null]);
    expect(await readdir(own)).toEqual([]);
    expect(await readFile(join(report, 'report.md'), 'utf8')).toContain('## Operations in flight');
  }, 60_000);

  it('answers a wrong option with one sentence', async () => {
    const run = execute(process.execPath, [main, '--durability', 'sometimes']);
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('always, interval or os'),
    });
  });
});
