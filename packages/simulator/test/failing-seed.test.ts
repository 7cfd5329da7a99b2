import { execFile } from 'node:child_process';
import { join } from 'node:path';

import { beforeAll, describe, expect, it } from '@jest/globals';

import { bugNamed, drawPlan } from '../src/index.js';
import { profileOf } from '../src/plan/draw-plan.js';

interface Ended {
  readonly code: number;
  readonly stdout: string;
}

/** The command as people run it: in a process of its own. */
function simulator(words: readonly string[]): Promise<Ended> {
  const main = join(import.meta.dirname, '../dist/main.js');
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [main, ...words], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (stdout === '') reject(new Error(stderr));
      else resolve({ code: Number(error?.code ?? 0), stdout });
    });
  });
}

describe('a seed that fails, for a bug was planted', () => {
  const { name, profile, checker } = bugNamed('no-write-back')!;
  let ended: Ended;
  let lines: string[];
  let seed: number;

  beforeAll(async () => {
    let from = 1;
    while (profileOf(from) !== profile) from += 1;
    const words = [
      '--bug',
      name,
      '--from',
      String(from),
      '--seeds',
      '50',
      '--once',
      '--workers',
      '1',
      '--shrink',
    ];
    ended = await simulator(words);
    lines = ended.stdout.split('\n');
    seed = Number(/^seed (\d+) /m.exec(ended.stdout)?.[1]);
  }, 240_000);

  it('is told with the checker that objects, and the line that replays it', () => {
    expect(ended.code).toBe(1);
    const told = lines.findIndex((line) => line.startsWith(`seed ${seed} (`));
    expect(lines[told]).toContain(`fails; replay: npm run -s sim -- --seeds 1 --from ${seed} --bug ${name}`);
    expect(lines.slice(told + 1, told + 6).join('\n')).toMatch(
      new RegExp(`^  ${checker} k\\d+: older than`, 'm'),
    );
  });

  it('is reduced to a few operations and hardly any fault', () => {
    const [, faults, allFaults, operations, allOperations] =
      /^smallest case found: (\d+) of (\d+) faults, (\d+) of (\d+) operations$/m
        .exec(ended.stdout)!
        .map(Number);
    const drawn = drawPlan(seed);
    expect([allFaults, allOperations]).toEqual([drawn.faults.length, drawn.operations.length]);
    expect(faults).toBeLessThanOrEqual(3);
    expect(operations).toBeLessThanOrEqual(40);
    const smallest = JSON.parse(lines.find((line) => line.startsWith('{"faults":'))!) as {
      readonly faults: readonly { readonly id: number }[];
      readonly operations: readonly { readonly id: number }[];
    };
    expect(smallest.faults.length).toBe(faults);
    const ids = new Set(drawn.operations.map(({ id }) => id));
    expect(smallest.operations.every(({ id }) => ids.has(id))).toBe(true);
  });

  it('is shown: the operations that contradict each other, and what happened around them', () => {
    const start = lines.findIndex((line) => line.startsWith(`seed ${seed}: ${checker}: `));
    const around = lines.indexOf('faults, and what happened around these operations:');
    expect(start).toBeGreaterThan(0);
    const concerned = lines.slice(start + 1, around);
    expect(concerned.length).toBe(2);
    for (const line of concerned)
      expect(line).toMatch(/^ {2}get k\d+ = .* \(#\d+, client \d+, [a-z]+, [\d.]+-[\d.]+\)$/);
    const trace = lines.slice(around + 1).filter((line) => /^ +\d+\.\d{3} \S+ +\S/.test(line));
    expect(trace.length).toBeGreaterThan(5);
    const [, readMs] = /([\d.]+)-[\d.]+\)$/.exec(concerned[1]!)!;
    const times = trace.map((line) => Number(line.trim().split(' ')[0]));
    expect(times.some((atMs) => Math.abs(atMs - Number(readMs)) < 1)).toBe(true);
  });

  it('ends with a summary', () => {
    const summary = JSON.parse(lines.filter((line) => line !== '').at(-1)!) as object;
    expect(summary).toMatchObject({ bug: name, checker, caughtBySeed: seed, failingSeeds: [seed] });
  });
});
