import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { SeedReport } from './run-seed.js';
import type { SeedTask, WorkerMessage } from './worker.adapter.js';

/** The word by which the command knows that it is to be a worker. */
export const workerWord = '--worker';

/** All code of a cluster is compiled simply from its first call on: runs are short, and interpreting them costs more. */
const execArgv = ['--always-sparkplug'];

export interface Workers {
  /** Runs a seed in the next process that is free. Rejects if the simulation itself broke. */
  run(task: SeedTask): Promise<SeedReport>;
  close(): void;
}

interface Waiting {
  readonly task: SeedTask;
  readonly resolve: (report: SeedReport) => void;
  readonly reject: (error: Error) => void;
}

/** A simulation fills one core, and traps what a process has only one of: hence processes. */
export function startWorkers(count: number): Workers {
  const queue: Waiting[] = [];
  const idle = new Set<ChildProcess>();
  const busy = new Map<ChildProcess, Waiting>();
  const children = Array.from({ length: count }, () => start());

  function start(): ChildProcess {
    const main = fileURLToPath(new URL('../main.js', import.meta.url));
    const child = fork(main, [workerWord], {
      execArgv,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    child.on('message', (message: WorkerMessage) => onMessage(child, message));
    child.on('exit', (code) => {
      idle.delete(child);
      busy.get(child)?.reject(new Error(`a worker ended with code ${String(code)} in the midst of a seed`));
      busy.delete(child);
    });
    return child;
  }

  function onMessage(child: ChildProcess, message: WorkerMessage): void {
    const waiting = busy.get(child);
    busy.delete(child);
    idle.add(child);
    if (message.kind === 'done') waiting?.resolve(message.report);
    if (message.kind === 'failed') waiting?.reject(new Error(`seed ${message.seed}: ${message.reason}`));
    next();
  }

  function next(): void {
    for (const child of idle) {
      const waiting = queue.shift();
      if (waiting === undefined) return;
      idle.delete(child);
      busy.set(child, waiting);
      child.send(waiting.task);
    }
  }

  return {
    run: (task) =>
      new Promise((resolve, reject) => {
        queue.push({ task, resolve, reject });
        next();
      }),
    close: () => {
      for (const child of children) child.disconnect();
    },
  };
}
