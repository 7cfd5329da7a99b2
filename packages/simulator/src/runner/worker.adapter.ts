/** One of the processes that run seeds: told by its parent, over the channel of `fork`. */
import { bugNamed } from '../bugs/bug-table.js';
import { runSeed, type SeedReport } from './run-seed.js';

export interface SeedTask {
  readonly seed: number;
  readonly nodes: number | undefined;
  readonly bug: string | undefined;
  readonly twice: boolean;
}

export type WorkerMessage =
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly report: SeedReport }
  | { readonly kind: 'failed'; readonly seed: number; readonly reason: string };

/** Runs in the child process, for as long as its parent lives. */
export function runWorker(own: NodeJS.Process): void {
  const send = (message: WorkerMessage): void => void own.send?.(message);
  own.on('disconnect', () => own.exit(0));
  own.on('message', (task: SeedTask) => {
    const { seed, nodes, twice } = task;
    const bug = task.bug === undefined ? undefined : bugNamed(task.bug);
    runSeed(seed, { nodes, twice, bug }).then(
      (report) => send({ kind: 'done', report }),
      (error: unknown) => send({ kind: 'failed', seed, reason: textOf(error) }),
    );
  });
  send({ kind: 'ready' });
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
