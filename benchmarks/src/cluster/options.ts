import { Command, InvalidArgumentError, Option } from 'commander';

import type { Durability } from '../load/load.js';
import { type PartName, partNames, peerParts } from './part-names.js';

export interface BenchmarkOptions {
  readonly json: string | undefined;
  /** Directory of the Markdown report and its plots. */
  readonly report: string;
  readonly parts: readonly PartName[];
  /** Fewer loads beside peers. */
  readonly isQuick: boolean;
  /** Directory of profiles, instead of measurements. */
  readonly profile: string | undefined;
  readonly nodes: number;
  /** Of our own cluster where no part asks for another. */
  readonly durability: Durability;
  readonly inFlight: readonly number[];
  /** Of the part `clients`, beside one. */
  readonly clients: number;
  readonly keys: number;
  /** Of the part `scale`. */
  readonly manyKeys: number;
  readonly nodeCounts: readonly number[];
  readonly valueBytes: number;
  /** Per measurement, and before it. */
  readonly durationMs: number;
  readonly warmUpMs: number;
  /** Of each system before its first measurement. */
  readonly runInMs: number;
  /** Alternations of a comparison. */
  readonly rounds: number;
  readonly sustainedSeconds: number;
  readonly memoryMinutes: number;
  readonly preloadSeconds: number;
  readonly seed: number;
}

const full = {
  durationMs: 2_500,
  warmUpMs: 500,
  runInMs: 3_000,
  rounds: 5,
  sustainedSeconds: 30,
  manyKeys: 1_000_000,
  preloadSeconds: 120,
};
const quick = {
  durationMs: 500,
  warmUpMs: 150,
  runInMs: 1_000,
  rounds: 5,
  sustainedSeconds: 6,
  manyKeys: 100_000,
  preloadSeconds: 10,
};

interface Flags extends Partial<Omit<BenchmarkOptions, 'parts' | 'isQuick' | 'profile'>> {
  readonly quick?: boolean;
  readonly peers?: boolean;
  readonly long?: boolean;
  readonly only?: readonly PartName[];
  readonly profile?: string | true;
}

export function parseOptions(argv: readonly string[]): BenchmarkOptions {
  const { quick: isQuick, peers, long, only, profile, ...flags } = read(argv);
  const isWanted = (part: PartName): boolean => {
    if (only !== undefined) return only.includes(part);
    if (part === 'memory') return long === true;
    return peers === true || !peerParts.includes(part);
  };
  return {
    json: undefined,
    report: '.data/bench',
    nodes: 3,
    durability: 'interval',
    inFlight: [1, 10, 64, 256, 1024],
    clients: 10,
    keys: 10_000,
    nodeCounts: [3, 5, 7],
    valueBytes: 100,
    memoryMinutes: 10,
    seed: 1,
    ...(isQuick === true ? quick : full),
    ...flags,
    isQuick: isQuick === true,
    parts: partNames.filter(isWanted),
    profile: profile === true ? '.data/bench/profiles' : profile,
  };
}

function read(argv: readonly string[]): Flags {
  return new Command('bench')
    .description('Measures clusters of node processes on this machine, each loaded from another process.')
    .addHelpText('after', '\n--storage instead measures the embedded store: see bench --storage --help.')
    .option('--json <file>', 'write every result there, as JSON')
    .option('--report <directory>', 'of the Markdown report and its plots (.data/bench)')
    .option('--quick', `${quick.durationMs / 1000} s per measurement instead of ${full.durationMs / 1000}`)
    .option('--peers', 'also Redis and etcd, where redis-server and etcd are installed')
    .option('--long', 'also the part "memory", which takes --memory-minutes')
    .option('--only <parts>', `of ${partNames.join(',')}`, parts)
    .option('--profile [directory]', 'instead: a CPU profile and a flame graph of each process')
    .option('--nodes <n>', 'node processes (3)', wholeNumber)
    .addOption(new Option('--durability <level>', 'of our cluster (interval)').argParser(durability))
    .option('--in-flight <n...>', 'operations in flight', wholeNumbers)
    .option('--clients <n>', 'in the part "clients" (10)', wholeNumber)
    .option('--keys <n>', 'different keys (10000)', wholeNumber)
    .option('--many-keys <n>', `in the part "scale" (${full.manyKeys})`, wholeNumber)
    .option('--node-counts <n...>', 'in the part "scale" (3 5 7)', wholeNumbers)
    .option('--value-bytes <n>', 'length of a value (100)', wholeNumber)
    .option('--duration-ms <n>', `time of one measurement (${full.durationMs})`, wholeNumber)
    .option('--warm-up-ms <n>', `before each of them (${full.warmUpMs})`, wholeNumber)
    .option('--run-in-ms <n>', `of each system before its first measurement (${full.runInMs})`, wholeNumber)
    .option('--rounds <n>', `alternations of a comparison (${full.rounds})`, wholeNumber)
    .option('--sustained-seconds <n>', `of the part "sustained" (${full.sustainedSeconds})`, wholeNumber)
    .option('--memory-minutes <n>', 'of the part "memory" (10)', positive)
    .option('--preload-seconds <n>', `most for loading the keys (${full.preloadSeconds})`, wholeNumber)
    .option('--seed <n>', 'of the choice of keys', wholeNumber)
    .parse([...argv], { from: 'user' })
    .opts<Flags>();
}

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('a whole number from 1 is expected.');
  return Number(value);
}

function wholeNumbers(value: string, before?: readonly number[]): readonly number[] {
  return [...(before ?? []), wholeNumber(value)];
}

function positive(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number < 1e4)) throw new InvalidArgumentError('a number above 0 is expected.');
  return number;
}

function parts(value: string): readonly PartName[] {
  const given = value.split(',');
  const isPart = (name: string): name is PartName => partNames.some((other) => other === name);
  if (!given.every(isPart)) throw new InvalidArgumentError(`a list of ${partNames.join(', ')} is expected.`);
  return given;
}

function durability(value: string): Durability {
  if (value === 'always' || value === 'interval' || value === 'os') return value;
  throw new InvalidArgumentError('always, interval or os is expected.');
}
