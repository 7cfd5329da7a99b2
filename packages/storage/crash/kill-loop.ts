import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { nodeFileSystem, openEngine, systemClock, systemTimers } from '../index.js';
import { createSeededRandom, type SeededRandom } from '@kv/testing';

import { throwUnlessAllThere } from './counted-writes.js';
import { partitions } from './engine-ports.js';
import type { Job, Loop, Tally } from './loop.js';

const childFile = fileURLToPath(new URL('./kill-child.js', import.meta.url));
const killsPerJob = 10;
/** More than a child writes between two acknowledgements. */
const writersMax = 256;

export const killLoop: Loop = {
  name: 'kill',
  title: 'real processes killed with SIGKILL',
  counts: 'acknowledged writes',
  minimum: 100_000,
  jobs: 10,
  secondsMax: 120,
  run: (job) => runKillJob(job),
};

/** One directory, and processes that write to it one after the other, each killed. */
export async function runKillJob({ seed, index }: Job, kills = killsPerJob): Promise<Tally> {
  const random = createSeededRandom((seed * 31 + index) >>> 0);
  const directory = await mkdtemp(join(tmpdir(), 'kv-kill-'));
  const durability = index % 2 === 0 ? 'always' : 'interval';
  let acknowledged = 0;
  let newest = 0;
  let opened = 0;
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const writers = 1 + Math.floor(random.float() * writersMax);
      const child = await killedChild({ directory, durability, from: newest + 1, writers, random });
      const count = Math.max(0, child.acknowledged - newest);
      if (child.opened) opened += 1;
      newest = await check(directory, {
        ...child,
        acknowledged: Math.max(newest, child.acknowledged),
        durability,
      });
      acknowledged += count;
    }
    return { 'acknowledged writes': acknowledged, kills, 'after opening': opened };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface ChildTask {
  readonly directory: string;
  readonly durability: 'always' | 'interval';
  readonly from: number;
  readonly writers: number;
  readonly random: SeededRandom;
}

interface KilledChild {
  readonly acknowledged: number;
  readonly begunMax: number;
  readonly opened: boolean;
}

async function killedChild({
  directory,
  durability,
  from,
  writers,
  random,
}: ChildTask): Promise<KilledChild> {
  const child = spawn(process.execPath, [childFile, directory, durability, String(from), String(writers)], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  let text = '';
  // One in ten dies while it opens; the others a random time after.
  const early = random.float() < 0.1;
  const delayMs = early ? 40 + random.float() * 80 : 20 + random.float() * 350;
  let timer = early ? setTimeout(() => child.kill('SIGKILL'), delayMs) : undefined;
  child.stdout!.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    timer ??= setTimeout(() => child.kill('SIGKILL'), delayMs);
  });
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...ended) => resolve(ended));
  });
  clearTimeout(timer);
  if (signal !== 'SIGKILL')
    throw new Error(`the writing process ended by itself: ${signal ?? `exit code ${code}`}`);
  // The last line may be torn; then that acknowledgement did not get through.
  const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  const acknowledged = Number(lines.findLast((line) => /^\d+$/.test(line)) ?? 0);
  return {
    acknowledged,
    begunMax: Math.max(acknowledged, from - 1) + 2 * writers,
    opened: lines[0] === 'open',
  };
}

async function check(
  directory: string,
  found: KilledChild & { readonly durability: 'always' | 'interval' },
): Promise<number> {
  const engine = await openEngine(
    { directory, partitions, durability: found.durability, snapshotIntervalMs: 0 },
    { fileSystem: nodeFileSystem(), clock: systemClock(), timers: systemTimers(), bootId: 'this boot' },
  );
  try {
    if (engine.suspectPartitions.size > 0 || engine.incarnation !== 1) {
      throw new Error(`a killed process left suspects: ${engine.stats().recovery.damage.join('; ')}`);
    }
    return throwUnlessAllThere((key) => engine.get(key)?.record.value, found);
  } finally {
    await engine.close();
  }
}
