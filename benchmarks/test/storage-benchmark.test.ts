import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { stepNames } from '../src/storage/plan.js';
import type { Measurement } from '../src/storage/task.js';

const execute = promisify(execFile);
const main = join(import.meta.dirname, '../dist/main.js');

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kv-bench-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (...words: string[]) =>
  execute(process.execPath, [main, '--storage', '--directory', folder, ...words], { timeout: 110_000 });

describe('the storage benchmark', () => {
  it('measures every part, prints a table of each, and writes what it measured as JSON', async () => {
    const json = join(folder, 'storage.json');
    const tiny = ['--keys', '300', '--large-keys', '600', '--rounds', '1', '--seconds', '0.05'];
    const { stdout } = await run(...tiny, '--long-seconds', '0.5', '--json', json);
    const { measurements } = JSON.parse(await readFile(json, 'utf8')) as { measurements: Measurement[] };

    const systemsOf = (step: string) =>
      measurements.filter((each) => each.step === step).map(({ system }) => system);
    expect([...new Set(measurements.map(({ step }) => step))]).toEqual([...stepNames]);
    for (const step of ['primitives', 'strings', 'large']) {
      expect(systemsOf(step)).toEqual(['kv', 'classic-level', 'lmdb', 'map']);
    }
    expect(systemsOf('writers')).toEqual(['kv', 'classic-level', 'lmdb']);
    for (const { figures } of measurements.filter(({ step }) => step === 'primitives')) {
      expect(figures['loadPerSecond']).toBeGreaterThan(0);
      expect(figures['overwritePerSecond']).toBeGreaterThan(0);
      expect(figures['getPerSecond']).toBeGreaterThan(0);
    }
    expect(stdout.match(/^\| --- \|/gm)).toHaveLength(stepNames.length + 1);
    expect(stdout).toMatch(/^\| awaited writers, × lmdb \| ≥ 15 \|/m);
    // The stores are gone.
    expect(await readdir(folder)).toEqual(['storage.json']);
  });

  it('measures some parts of some systems alone', async () => {
    const { stdout, stderr } = await run(
      ...['--only', 'primitives', '--systems', 'kv,map', '--keys', '200', '--rounds', '2'],
    );
    expect(stderr.match(/^primitives \d \S+:/gm)).toEqual([
      ...['primitives 1 kv:', 'primitives 1 map:', 'primitives 2 map:', 'primitives 2 kv:'],
    ]);
    expect(stdout).toMatch(/^\| {2}\| kv \| map \| kv ÷ map \|$/m);
  });

  it('answers a wrong option with one sentence', async () => {
    await expect(run('--only', 'everything')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a list of primitives'),
    });
  });
});
