import { parseArgs } from 'node:util';

export interface CrashOptions {
  /** Names of loops; empty: all. */
  readonly loops: readonly string[];
  readonly seed: number;
  /** Only this job. */
  readonly job: number | undefined;
  /** Instead of each loop's minimum. */
  readonly states: number | undefined;
  readonly workers: number;
}

export const usage = `usage: npm run -s crash -- [LOOP ...] [--states N] [--seed N] [--job N] [--workers N]

Shows that the storage engine loses nothing. Without arguments: all loops, each to its minimum.
  LOOP       run these loops only
  --states   count to N instead of the loop's minimum
  --seed     another seed (default 1); a seed and a job's number decide everything that is random
  --job      this job alone: what a failure prints
  --workers  processes (default: one per core)`;

/** @throws Error that says what is wrong with the arguments */
export function readOptions(
  words: readonly string[],
  { names, cores }: { readonly names: readonly string[]; readonly cores: number },
): CrashOptions | 'help' {
  const { values, positionals } = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      states: { type: 'string' },
      seed: { type: 'string' },
      job: { type: 'string' },
      workers: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return 'help';
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`no loop '${unknown}': there are ${names.join(', ')}`);
  return {
    loops: positionals,
    seed: count('seed', values.seed) ?? 1,
    job: count('job', values.job),
    states: count('states', values.states),
    workers: Math.max(1, count('workers', values.workers) ?? cores),
  };
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,15}$/.test(text)) throw new Error(`--${name} must be a number, not '${text}'`);
  return Number(text);
}
