import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { Report } from '../src/cluster/result.js';

const execute = promisify(execFile);
const main = join(import.meta.dirname, '../dist/main.js');
const inFlight = [1, 8];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kv-bench-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the bench command', () => {
  it('measures every workload at every level and number in flight, and writes them as JSON', async () => {
    const json = join(folder, 'results.json');
    const bounds = ['--duration-ms', '100', '--keys', '50', '--in-flight', ...inFlight.map(String)];
    const { stdout } = await execute(process.execPath, [main, ...bounds, '--json', json]);
    const { machine, results } = JSON.parse(await readFile(json, 'utf8')) as Report;

    expect(machine).toMatchObject({ cores: expect.any(Number), node: process.version });
    const measured = results.map((result) => `${result.workload} ${result.level} ${result.inFlight}`);
    const wanted = ['put', 'get', 'mixed'].flatMap((workload) =>
      ['quorum', 'one'].flatMap((level) => inFlight.map((count) => `${workload} ${level} ${count}`)),
    );
    expect(measured).toEqual(wanted);
    for (const result of results) {
      expect(result).toMatchObject({ system: 'kv', durability: 'always', clients: 1, valueBytes: 100 });
      expect(result.opsPerSecond).toBeGreaterThan(0);
      expect(result.p50Us).toBeGreaterThan(0);
      expect(result.p99Us).toBeGreaterThanOrEqual(result.p50Us);
    }
    expect(stdout.trimEnd().split('\n')).toHaveLength(1 + wanted.length);
  });

  it('answers a wrong option with one sentence', async () => {
    const run = execute(process.execPath, [main, '--durability', 'sometimes']);
    await expect(run).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('always, interval or os'),
    });
  });
});
