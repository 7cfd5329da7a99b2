import { Command, InvalidArgumentError, Option } from 'commander';

import type { Durability } from './result.js';

export interface BenchmarkOptions {
  readonly json: string | undefined;
  readonly nodes: number;
  readonly durability: readonly Durability[];
  readonly inFlight: readonly number[];
  readonly clients: number;
  readonly keys: number;
  readonly valueBytes: number;
  /** Per measurement. */
  readonly durationMs: number;
  readonly seed: number;
}

const quickDurationMs = 2_000;

export function parseOptions(argv: readonly string[]): BenchmarkOptions {
  const command = new Command('bench')
    .description('Measures a cluster of node processes on this machine, the load in this process.')
    .addHelpText('after', '\n--storage instead measures the embedded store: see bench --storage --help.')
    .option('--json <file>', 'write the results there, as JSON')
    .option('--quick', `${quickDurationMs / 1000} s per measurement`)
    .option('--nodes <n>', 'node processes', wholeNumber, 3)
    .addOption(
      new Option('--durability <level>', 'always, interval, os; repeat for several').argParser(
        (value: string, before?: Durability[]) => [...(before ?? []), durability(value)],
      ),
    )
    .option('--in-flight <n...>', 'operations in flight', (value, before?: number[]) => [
      ...(before ?? []),
      wholeNumber(value),
    ])
    .option('--clients <n>', 'clients that share them', wholeNumber, 1)
    .option('--keys <n>', 'different keys', wholeNumber, 10_000)
    .option('--value-bytes <n>', 'length of a value', wholeNumber, 100)
    .option('--duration-ms <n>', 'time of one measurement', wholeNumber, 5_000)
    .option('--seed <n>', 'of the choice of keys', wholeNumber, 1)
    .parse([...argv], { from: 'user' });
  const given = command.opts<
    Omit<BenchmarkOptions, 'durability' | 'inFlight'> & Partial<BenchmarkOptions> & { quick?: boolean }
  >();
  return {
    ...given,
    json: given.json,
    durability: given.durability ?? ['always'],
    inFlight: given.inFlight ?? [1, 10, 256],
    durationMs: given.quick === true ? quickDurationMs : given.durationMs,
  };
}

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('a whole number from 1 is expected.');
  return Number(value);
}

function durability(value: string): Durability {
  if (value === 'always' || value === 'interval' || value === 'os') return value;
  throw new InvalidArgumentError('always, interval or os is expected.');
}
