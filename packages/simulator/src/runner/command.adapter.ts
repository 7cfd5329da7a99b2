/** The command `sim`: what belongs to a process is here and only here. */
import { bugNamed, deliberateBugs } from '../bugs/bug-table.js';
import { drawPlan } from '../plan/draw-plan.js';
import { shrinkRun } from '../shrink/shrink-run.js';
import { type Command, readCommandLine, usage } from './command-line.js';
import { explain } from './explain.js';
import { shortOfMinimum } from './minimum.js';
import { createProgress } from './progress.js';
import { runPlan } from './run-plan.js';
import type { SeedReport } from './run-seed.js';
import { runSeeds } from './run-seeds.js';
import { type BugVerdict, catches, searchBug } from './search-bug.js';
import { storeSeeds } from './store-seeds.adapter.js';
import { summarise } from './summary.js';
import { runWorker } from './worker.adapter.js';
import { startWorkers, type Workers, workerWord } from './workers.adapter.js';

const { performance: realPerformance } = globalThis;

const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

/** Resolves with the exit code. */
export async function runCommand(own: NodeJS.Process): Promise<void> {
  const words = own.argv.slice(2);
  if (words[0] === workerWord) {
    runWorker(own);
    return;
  }
  let command: Command;
  try {
    command = readCommandLine(words);
  } catch (error) {
    own.stderr.write(`sim: ${(error as Error).message}\n${usage}`);
    own.exitCode = exitCodes.usage;
    return;
  }
  own.exitCode = await carryOut(command, own);
}

async function carryOut(command: Command, own: NodeJS.Process): Promise<number> {
  if (command.listBugs) {
    own.stdout.write(deliberateBugs.map(({ name }) => `${name}\n`).join(''));
    return exitCodes.ok;
  }
  if (command.bug !== undefined && bugNamed(command.bug) === undefined) {
    own.stderr.write(`sim: there is no deliberate bug ${command.bug}; --list-bugs names them\n`);
    return exitCodes.usage;
  }
  const workers = startWorkers(command.workers);
  try {
    return command.bugs
      ? await proveBugs(command, { workers, own })
      : await runMany(command, { workers, own });
  } finally {
    workers.close();
  }
}

interface Surroundings {
  readonly workers: Workers;
  readonly own: NodeJS.Process;
}

async function runMany(command: Command, { workers, own }: Surroundings): Promise<number> {
  const startedMs = realPerformance.now();
  const elapsedMs = (): number => realPerformance.now() - startedMs;
  const bug = command.bug === undefined ? undefined : bugNamed(command.bug);
  const progress = createProgress(command.seeds, { stream: own.stderr, elapsedMs });
  const reports = await runSeeds(command, {
    run: (task) => workers.run(task),
    onReport: (report) => {
      progress.report(report);
      if (report.violations.length > 0) own.stdout.write(`${tell(report, command)}\n`);
    },
    elapsedMs,
    isEnough: (report) => bug !== undefined && catches(report, bug),
  });
  progress.end();
  const first = reports.filter(({ violations }) => violations.length > 0).sort((a, b) => a.seed - b.seed)[0];
  if (first !== undefined) own.stdout.write(`${await explainSeed(first, command)}\n`);
  const summary = summarise(reports, { seconds: elapsedMs() / 1_000 });
  const caught = bug === undefined ? undefined : reports.find((report) => catches(report, bug));
  const ofBug =
    bug === undefined ? {} : { bug: bug.name, checker: bug.checker, caughtBySeed: caught?.seed ?? null };
  own.stdout.write(`${JSON.stringify({ ...summary, ...ofBug })}\n`);
  if (summary.provesNothing !== undefined && bug === undefined) {
    own.stderr.write(`sim: this run proves nothing: ${summary.provesNothing}\n`);
    return exitCodes.failed;
  }
  const short = command.full ? shortOfMinimum(summary) : undefined;
  if (short !== undefined) {
    own.stderr.write(`sim: below the minimum of a full run: ${short}\n`);
    return exitCodes.failed;
  }
  return summary.violations > 0 ? exitCodes.failed : exitCodes.ok;
}

function tell({ seed, profile, nodes, violations }: SeedReport, command: Command): string {
  const lines = violations.map(
    ({ checker, key, message }) => `  ${checker}${key === undefined ? '' : ` ${key}`}: ${message}`,
  );
  return [
    `seed ${seed} (${profile}, ${nodes} nodes) fails; replay: ${replayLine(seed, command)}`,
    ...lines,
  ].join('\n');
}

function replayLine(seed: number, { nodes, bug }: Command): string {
  const more = [nodes === undefined ? '' : ` --nodes ${nodes}`, bug === undefined ? '' : ` --bug ${bug}`];
  return `npm run -s sim -- --seeds 1 --from ${seed}${more.join('')}`;
}

/** Runs the seed once more, now with a trace to read; smaller first, if that is wanted. */
async function explainSeed({ seed, violations }: SeedReport, command: Command): Promise<string> {
  const bug = command.bug === undefined ? undefined : bugNamed(command.bug);
  const checker = bug?.checker ?? violations[0]!.checker;
  const drawn = drawPlan(seed, command);
  const plan = command.shrink ? await shrinkRun(drawn, { checker, bug }) : drawn;
  const result = await runPlan(plan, { bug, readable: true });
  const violation = result.violations.find((each) => each.checker === checker) ?? result.violations[0];
  if (violation === undefined) return `seed ${seed} passed when it was run again`;
  const size = command.shrink
    ? `smallest case found: ${plan.faults.length} of ${drawn.faults.length} faults, ${plan.operations.length} of ${drawn.operations.length} operations\n${JSON.stringify({ faults: plan.faults, operations: plan.operations })}\n`
    : '';
  return `${size}seed ${seed}: ${explain(result, violation)}`;
}

async function proveBugs({ tries, store }: Command, { workers, own }: Surroundings): Promise<number> {
  const startedMs = realPerformance.now();
  const verdicts = await Promise.all(
    deliberateBugs.map(async (bug) => {
      const verdict = await searchBug(bug, (task) => workers.run(task), { triesMax: tries });
      own.stdout.write(`${sentenceOf(verdict)}\n`);
      return verdict;
    }),
  );
  if (store) storeSeeds(verdicts);
  const missed = verdicts.filter(({ seed }) => seed === undefined).map(({ bug }) => bug);
  const seconds = Number(((realPerformance.now() - startedMs) / 1_000).toFixed(1));
  own.stdout.write(
    `${JSON.stringify({ bugs: verdicts.length, caught: verdicts.length - missed.length, missed, seconds })}\n`,
  );
  return missed.length > 0 ? exitCodes.failed : exitCodes.ok;
}

function sentenceOf({ bug, checker, seed, tried }: BugVerdict): string {
  return seed === undefined
    ? `${bug}: MISSED by ${checker} in ${tried} seeds`
    : `${bug}: caught by ${checker}, seed ${seed} (${tried} tried), which passes without it`;
}
