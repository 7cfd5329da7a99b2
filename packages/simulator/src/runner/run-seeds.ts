import type { Command } from './command-line.js';
import type { SeedReport } from './run-seed.js';

export interface SeedsRun {
  readonly run: (task: {
    readonly seed: number;
    readonly nodes: number | undefined;
    readonly bug: string | undefined;
    readonly twice: boolean;
  }) => Promise<SeedReport>;
  readonly onReport: (report: SeedReport) => void;
  readonly elapsedMs: () => number;
  /** True = no further seed. */
  readonly isEnough: (report: SeedReport) => boolean;
}

/** Runs seeds one after the other on each worker, until there are no more, the time is up, or enough was seen. */
export async function runSeeds(
  { seeds, from, minutes, nodes, bug, once, workers }: Command,
  { run, onReport, elapsedMs, isEnough }: SeedsRun,
): Promise<SeedReport[]> {
  const reports: SeedReport[] = [];
  let next = from;
  let isOver = false;
  const mayGoOn = (): boolean =>
    !isOver && next < from + seeds && (minutes === 0 || elapsedMs() < minutes * 60_000);

  async function lane(): Promise<void> {
    while (mayGoOn()) {
      const seed = next;
      next += 1;
      const report = await run({ seed, nodes, bug, twice: !once });
      reports.push(report);
      onReport(report);
      isOver ||= isEnough(report);
    }
  }
  await Promise.all(Array.from({ length: workers }, lane));
  return reports;
}
