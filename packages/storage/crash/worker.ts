import type { WorkerReply, WorkerRequest } from './loop.js';
import { loops } from './loops.js';

// A promise that nobody looks at must not hide what went wrong in it.
process.on('unhandledRejection', (error) => {
  reply({ kind: 'failed', message: `unhandled rejection: ${stackOf(error)}` });
});

process.on('message', (request: WorkerRequest) => {
  void answer(request);
});
process.on('disconnect', () => process.exit(0));

async function answer({ loop: name, job }: WorkerRequest): Promise<void> {
  try {
    const loop = loops.find((each) => each.name === name);
    if (loop === undefined) throw new Error(`no loop ${name}`);
    const result = await loop.run(job);
    if ('skipped' in result && typeof result.skipped === 'string') {
      reply({ kind: 'skipped', reason: result.skipped });
    } else {
      reply({ kind: 'done', tally: result as Exclude<typeof result, { skipped: string }> });
    }
  } catch (error) {
    reply({ kind: 'failed', message: stackOf(error) });
  }
}

function reply(message: WorkerReply): void {
  process.send?.(message);
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  let root: Error = error;
  while (root.cause instanceof Error) root = root.cause;
  return root === error ? (error.stack ?? error.message) : `${error.message}\n${root.stack ?? ''}`;
}
