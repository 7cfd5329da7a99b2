import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Figures, Task } from './task.js';

const worker = fileURLToPath(new URL('./worker.js', import.meta.url));

/** A Map of ten million keys needs more than V8 takes by itself. */
const heapShare = 0.7;

/** Measures in a fresh process and a fresh directory, so that no heap and no file of another measurement takes part. */
export async function runTask(task: Omit<Task, 'directory'>, parent: string): Promise<Figures> {
  const directory = await mkdtemp(join(parent, 'kv-bench-'));
  try {
    return await runInProcess({ ...task, directory });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Measures in a fresh process, in the directory as it is. */
export async function runInProcess(task: Task): Promise<Figures> {
  const { profileDirectory: profile } = task;
  const child = fork(worker, {
    execArgv: [
      '--expose-gc',
      `--max-old-space-size=${Math.floor((totalmem() / 2 ** 20) * heapShare)}`,
      ...(profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`]),
    ],
    stdio: ['ignore', 2, 2, 'ipc'],
    // Figures may be NaN, which JSON has no form for.
    serialization: 'advanced',
  });
  let figures: Figures | undefined;
  child.on('message', (message) => ({ figures } = message as { figures: Figures }));
  child.send(task);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (figures === undefined) {
    throw new Error(`measuring ${task.part} of ${task.system} ended with ${signal ?? code ?? 'nothing'}`);
  }
  return figures;
}
