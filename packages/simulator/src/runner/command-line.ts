import { parseArgs } from 'node:util';

import { seedsOfFullRun } from './minimum.js';
import { bugSeedsMax } from './search-bug.js';

/** What the command is asked to do. */
export interface Command {
  readonly seeds: number;
  /** Seeds that may be tried for each deliberate bug. */
  readonly tries: number;
  readonly from: number;
  /** Less than the minimum of continuous integration is a failure. */
  readonly full: boolean;
  /** After so long no further seed is started; 0 = no bound. */
  readonly minutes: number;
  readonly nodes: number | undefined;
  /** Plant this one. */
  readonly bug: string | undefined;
  readonly listBugs: boolean;
  /** Show that each deliberate bug is caught. */
  readonly bugs: boolean;
  /** Write down the seeds that show them, for the next time. */
  readonly store: boolean;
  /** Run each seed once only: no check of determinism. */
  readonly once: boolean;
  /** Reduce the first failing seed to a minimal case. */
  readonly shrink: boolean;
  readonly workers: number;
}

const seedsDefault = 100;

export const usage = `usage: npm run -s sim -- [options]
  --seeds N     how many (default ${seedsDefault})
  --full        what continuous integration runs: ${seedsOfFullRun} seeds, and a failure below its minimum
  --from N      the first (default 1)
  --minutes N   start no further seed then
  --nodes N     3 to 9 nodes, instead of what each seed says
  --once        run each seed once only, without the check that a second run is the same
  --shrink      reduce the first failing seed to a minimal case
  --bug NAME    plant a deliberate bug, until a seed catches it
  --bugs        show that every deliberate bug is caught, and that the same seed passes without it
  --tries N     with --bugs: seeds tried for each bug, at most (default 200)
  --store       with --bugs: write the seeds found into src/bugs/bug-seeds.ts
  --list-bugs   print their names
  --workers N   processes (default 2)
The last line of the output is a summary as JSON.
`;

/** @throws Error, one sentence, for words that make no sense */
export function readCommandLine(words: readonly string[]): Command {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seeds: { type: 'string' },
      full: { type: 'boolean', default: false },
      from: { type: 'string', default: '1' },
      minutes: { type: 'string', default: '0' },
      nodes: { type: 'string' },
      workers: { type: 'string', default: '2' },
      bug: { type: 'string' },
      bugs: { type: 'boolean', default: false },
      tries: { type: 'string', default: String(bugSeedsMax) },
      store: { type: 'boolean', default: false },
      'list-bugs': { type: 'boolean', default: false },
      once: { type: 'boolean', default: false },
      shrink: { type: 'boolean', default: false },
    },
  });
  return {
    seeds: whole('seeds', values.seeds ?? String(values.full ? seedsOfFullRun : seedsDefault), {
      least: 1,
      most: 1_000_000,
    }),
    from: whole('from', values.from, { least: 0, most: 1_000_000_000 }),
    full: values.full,
    minutes: number('minutes', values.minutes),
    nodes: values.nodes === undefined ? undefined : whole('nodes', values.nodes, { least: 3, most: 9 }),
    workers: whole('workers', values.workers, { least: 1, most: 64 }),
    bug: values.bug,
    bugs: values.bugs,
    tries: whole('tries', values.tries, { least: 1, most: bugSeedsMax }),
    store: values.store,
    listBugs: values['list-bugs'],
    once: values.once,
    shrink: values.shrink,
  };
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0))
    throw new Error(`--${name}: expected a number from 0, got ${text}`);
  return value;
}

function whole(name: string, text: string, { least, most }: { least: number; most: number }): number {
  const value = number(name, text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new Error(`--${name}: expected a whole number from ${least} to ${most}, got ${text}`);
}
