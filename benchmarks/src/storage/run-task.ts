import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Figures, Task } from './task.js';

const worker = fileURLToPath(new URL('./worker.js', import.meta.url));

/** Measures in a fresh process and a fresh directory, so that no heap and no file of another measurement takes part. */
export async function runTask(task: Omit<Task, 'directory'>, parent: string): Promise<Figures> {
  const directory = await mkdtemp(join(parent, 'kv-bench-'));
  try {
    const heapMebibytes = Math.floor((totalmem() / 2 ** 20) * 0.7);
    const child = fork(worker, {
      execArgv: ['--expose-gc', `--max-old-space-size=${heapMebibytes}`],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    let figures: Figures | undefined;
    child.on('message', (message) => ({ figures } = message as { figures: Figures }));
    child.send({ ...task, directory } satisfies Task);
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
    if (figures === undefined) {
      throw new Error(`measuring ${task.part} of ${task.system} ended with ${signal ?? code ?? 'nothing'}`);
    }
    return figures;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
