import type { Loop, Tally, WorkerReply } from './loop.js';
import type { CrashOptions } from './options.js';
import type { WorkerPool } from './worker-pool.js';

export interface LoopReport {
  readonly loop: Loop;
  readonly tally: Tally;
  readonly jobs: number;
  readonly seconds: number;
  readonly skipped: string | undefined;
  readonly failures: readonly string[];
}

/** Runs a loop's jobs on all workers until the count is reached, all are done, time is up or one failed. */
export async function runLoop(
  loop: Loop,
  { seed, job: only, states }: Pick<CrashOptions, 'seed' | 'job' | 'states'>,
  pool: WorkerPool,
): Promise<LoopReport> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1_000;
  const wanted = states ?? (loop.jobs === Infinity ? loop.minimum : Infinity);
  const total = new Map<string, number>();
  const failures: string[] = [];
  let skipped: string | undefined;
  let next = only ?? 0;
  const end = only === undefined ? loop.jobs : only + 1;
  let jobs = 0;
  const work = async (): Promise<void> => {
    while (next < end && failures.length === 0 && seconds() < loop.secondsMax) {
      if ((total.get(loop.counts) ?? 0) >= wanted) return;
      const index = next;
      next += 1;
      const reply = await pool.ask({ loop: loop.name, job: { seed, index } });
      jobs += 1;
      if (reply.kind === 'done') add(total, reply.tally);
      else if (reply.kind === 'skipped') skipped = reply.reason;
      else failures.push(failureOf(reply, `npm run -s crash -- ${loop.name} --seed ${seed} --job ${index}`));
    }
  };
  await Promise.all(Array.from({ length: pool.size }, work));
  const tally = Object.fromEntries(total);
  const minimum = only !== undefined ? 1 : Math.min(loop.minimum, states ?? Infinity);
  const counted = tally[loop.counts] ?? 0;
  if (failures.length === 0 && skipped === undefined && counted < minimum) {
    failures.push(`${loop.name}: ${counted} ${loop.counts}, ${minimum} are the minimum`);
  }
  return { loop, tally, jobs, seconds: seconds(), skipped, failures };
}

function failureOf({ message }: Extract<WorkerReply, { kind: 'failed' }>, replay: string): string {
  return `${message}\n  again: ${replay}`;
}

function add(total: Map<string, number>, tally: Tally): void {
  for (const [name, count] of Object.entries(tally)) total.set(name, (total.get(name) ?? 0) + count);
}
