import { writeFile } from 'node:fs/promises';

import { describeMachine } from '../machine.js';
import { etcdVersion } from '../peers/etcd-servers.js';
import { redisVersion } from '../peers/redis-servers.js';
import { runProfile } from '../profile/run-profile.js';
import { renderReport } from '../report/report.js';
import { writeReport } from '../report/write-report.js';
import { type BenchmarkOptions, parseOptions } from './options.js';
import type { PartName } from './part-names.js';
import { planOf } from './plan.js';
import { progressOf } from './progress.js';
import type { Report, Result } from './result.js';
import { runPlan } from './run-plan.js';
import { Stage } from './stage.js';

/** Progress goes to standard error, so that standard output is the report alone. */
export async function runClusterBenchmark(argv: readonly string[]): Promise<void> {
  const options = parseOptions(argv);
  const stage = new Stage({ preloadTimeoutMs: options.preloadSeconds * 1000, runInMs: options.runInMs });
  const stopWatching = closeWhenInterrupted(stage);
  try {
    if (options.profile === undefined) await runBenchmark(options, stage);
    else await runProfile({ ...options, profile: options.profile }, stage);
  } finally {
    stopWatching();
    await stage.close();
  }
}

async function runBenchmark(asked: BenchmarkOptions, stage: Stage): Promise<void> {
  const { peers, options } = withPeersThatAreInstalled(asked);
  const results: Result[] = [];
  const failures: string[] = [];
  await runPlan(planOf(options), {
    stage,
    onResult(result) {
      results.push(result);
      say(progressOf(result));
    },
    onFailure({ part }, error) {
      failures.push(`${part}: ${error instanceof Error ? error.message : String(error)}`);
      say(failures.at(-1)!);
    },
  });
  // Whatever becomes of the report, no data is left behind.
  await stage.close();
  const report: Report = { machine: describeMachine(), peers, options, results, failures };
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(report, null, 2)}\n`);
  await writeReport(options.report, report);
  process.stdout.write(renderReport(report, { hasPlots: false }));
  say(`report and plots: ${options.report}`);
  if (failures.length > 0) process.exitCode ??= 1;
}

/** What is not installed is left out, and said. */
function withPeersThatAreInstalled(options: BenchmarkOptions): {
  readonly peers: Readonly<Record<string, string>>;
  readonly options: BenchmarkOptions;
} {
  const found: Record<string, string> = {};
  const missing = new Set<PartName>();
  const look = (program: string, version: () => string | undefined, parts: readonly PartName[]): void => {
    if (!parts.some((part) => options.parts.includes(part))) return;
    const text = version();
    if (text !== undefined) {
      found[program] = text;
      return;
    }
    for (const part of parts) missing.add(part);
    say(`${program} is not installed: ${parts.join(', ')} left out (Debian: apt install ${program}-server)`);
  };
  look('redis', redisVersion, ['redis', 'redis-always']);
  look('etcd', etcdVersion, ['etcd']);
  return { peers: found, options: { ...options, parts: options.parts.filter((part) => !missing.has(part)) } };
}

/** What was measured until then is still reported; a second signal ends this process at once, and all others with it. */
function closeWhenInterrupted(stage: Stage): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const interrupt = (): void => {
    process.exitCode = 130;
    void stage.close();
  };
  for (const signal of signals) process.once(signal, interrupt);
  return () => {
    for (const signal of signals) process.off(signal, interrupt);
  };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
