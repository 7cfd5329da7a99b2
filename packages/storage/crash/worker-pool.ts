import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { WorkerReply, WorkerRequest } from './loop.js';

const workerFile = fileURLToPath(new URL('./worker.js', import.meta.url));

/** An engine that never comes to an end is a failure, too. Of a busy machine's seconds. */
const answerSecondsMax = 180;

/**
 * A state leaves garbage and nothing else. So the young generation is small enough for the caches, the old one is let grow, and
 * as there is a worker for each core, helping threads would only take the cores from them.
 */
const memoryFlags = [
  '--single-threaded-gc',
  '--min-semi-space-size=4',
  '--max-semi-space-size=4',
  '--initial-old-space-size=200',
];

/** One request at a time for each of a few processes of our own. */
export class WorkerPool {
  readonly #idle: ChildProcess[] = [];
  readonly #all: ChildProcess[] = [];

  constructor(size: number) {
    for (let index = 0; index < size; index += 1) this.#idle.push(this.#start());
  }

  get size(): number {
    return this.#all.length;
  }

  /** At most as many calls at once as there are workers. */
  async ask(request: WorkerRequest): Promise<WorkerReply> {
    const worker = this.#idle.pop();
    if (worker === undefined) throw new Error('no worker is idle');
    const reply = await new Promise<WorkerReply>((resolve) => {
      const onExit = (code: number | null, signal: string | null): void => {
        resolve({ kind: 'failed', message: `the worker process ended: ${signal ?? `exit code ${code}`}` });
      };
      worker.once('exit', onExit);
      const tooLong = setTimeout(() => worker.kill('SIGKILL'), answerSecondsMax * 1_000);
      worker.once('message', (message) => {
        clearTimeout(tooLong);
        worker.off('exit', onExit);
        resolve(message as WorkerReply);
      });
      worker.send(request);
    });
    if (worker.connected) this.#idle.push(worker);
    return reply;
  }

  stop(): void {
    for (const worker of this.#all) if (worker.connected) worker.disconnect();
  }

  #start(): ChildProcess {
    const worker = fork(workerFile, [], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [...process.execArgv, ...memoryFlags],
    });
    this.#all.push(worker);
    return worker;
  }
}
