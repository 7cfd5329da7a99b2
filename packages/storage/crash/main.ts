import { availableParallelism } from 'node:os';

import { loops } from './loops.js';
import { type CrashOptions, readOptions, usage } from './options.js';
import { type LoopReport, runLoop } from './run-loop.js';
import { WorkerPool } from './worker-pool.js';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function run(options: CrashOptions): Promise<void> {
  const started = performance.now();
  const chosen = loops.filter(({ name }) => options.loops.length === 0 || options.loops.includes(name));
  const pool = new WorkerPool(options.workers);
  const reports: LoopReport[] = [];
  try {
    for (const loop of chosen) {
      const report = await runLoop(loop, options, pool);
      reports.push(report);
      say(lineOf(report));
      for (const failure of report.failures) say(`  FAILED ${failure}`);
    }
  } finally {
    pool.stop();
  }
  const failed = reports.filter(({ failures }) => failures.length > 0);
  const skipped = reports.filter((report) => report.skipped !== undefined);
  const seconds = (performance.now() - started) / 1_000;
  say(
    [
      `crash evidence: ${reports.length - failed.length - skipped.length} loops passed`,
      `${failed.length} failed`,
      ...(skipped.length > 0 ? [`${skipped.length} skipped`] : []),
      `seed ${options.seed}`,
      `${seconds.toFixed(0)} s`,
    ].join(', '),
  );
  if (failed.length > 0) process.exitCode = 1;
}

function lineOf({ loop, tally, jobs, seconds, skipped }: LoopReport): string {
  if (skipped !== undefined) return `${loop.name}: skipped, ${skipped}`;
  const counts = Object.entries(tally).map(([name, count]) => `${count.toLocaleString('en')} ${name}`);
  return `${loop.name}: ${loop.title}: ${counts.join(', ')} (${jobs} jobs, ${seconds.toFixed(1)} s)`;
}

function main(): void {
  try {
    const names = loops.map(({ name }) => name);
    const options = readOptions(process.argv.slice(2), { names, cores: availableParallelism() });
    if (options === 'help') {
      say(`${usage}\nloops: ${names.join(', ')}`);
      return;
    }
    run(options).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = 1;
    });
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    process.exitCode = 2;
  }
}

main();
