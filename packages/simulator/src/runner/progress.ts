import type { SeedReport } from './run-seed.js';

export interface Progress {
  report(report: SeedReport): void;
  end(): void;
}

export interface ProgressPorts {
  readonly stream: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly elapsedMs: () => number;
}

const lineEveryMs = 15_000;

/** How far it is: one line that changes on a terminal, a line now and then elsewhere. */
export function createProgress(seeds: number, { stream, elapsedMs }: ProgressPorts): Progress {
  const isTerminal = stream.isTTY === true;
  let done = 0;
  let failing = 0;
  let operations = 0;
  let events = 0;
  let toldMs = 0;
  return {
    report: (report) => {
      done += 1;
      operations += report.operations;
      events += report.events;
      if (report.violations.length > 0) failing += 1;
      const nowMs = elapsedMs();
      if (!isTerminal && nowMs - toldMs < lineEveryMs) return;
      toldMs = nowMs;
      const line = `${done} of ${seeds} seeds, ${operations} operations, ${failing} failing, ${Math.round((events / nowMs) * 1_000)} events/s, ${Math.round(nowMs / 1_000)} s`;
      stream.write(isTerminal ? `\r${line} ` : `${line}\n`);
    },
    end: () => {
      if (isTerminal) stream.write('\n');
    },
  };
}
