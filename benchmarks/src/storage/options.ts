import { tmpdir } from 'node:os';

import { Command, InvalidArgumentError } from 'commander';

import { type StepName, stepNames } from './plan.js';
import { type SystemName, systemNames } from './systems/system.js';

export interface StorageOptions {
  readonly json: string | undefined;
  readonly only: readonly StepName[];
  readonly systems: readonly SystemName[];
  readonly keys: number;
  readonly largeKeys: number;
  readonly valueBytes: number;
  readonly rounds: number;
  readonly seconds: number;
  /** Of the part `long`. */
  readonly longSeconds: number;
  readonly seed: number;
  readonly cpu: boolean;
  readonly profile?: string | undefined;
  /** Where the stores are put. */
  readonly directory: string;
}

const full = { keys: 1_000_000, largeKeys: 10_000_000, rounds: 5, seconds: 3, longSeconds: 25 };
const quick = { keys: 200_000, largeKeys: 1_000_000, rounds: 2, seconds: 1, longSeconds: 5 };

export function parseOptions(argv: readonly string[]): StorageOptions {
  const command = new Command('bench --storage')
    .description(
      'Measures the embedded store beside classic-level, lmdb and a Map, each in processes of its own.',
    )
    .option('--json <file>', 'write the measurements there, as JSON')
    .option('--quick', `${quick.keys} keys, ${quick.rounds} rounds, ${quick.seconds} s`)
    .option('--only <names>', `of ${stepNames.join(',')}`, listOf(stepNames), stepNames)
    .option('--systems <names>', `of ${systemNames.join(',')}`, listOf(systemNames), systemNames)
    .option('--keys <n>', `different keys (${full.keys})`, wholeNumber)
    .option('--large-keys <n>', `of the part "large" (${full.largeKeys})`, wholeNumber)
    .option('--value-bytes <n>', 'length of a value', wholeNumber, 100)
    .option('--rounds <n>', `alternations of the systems (${full.rounds})`, wholeNumber)
    .option('--seconds <n>', `of what runs by time, and most for a phase (${full.seconds})`, positive)
    .option('--long-seconds <n>', `of the part "long" (${full.longSeconds})`, positive)
    .option('--cpu', 'rates per second of processor time, all threads: for a machine that is shared', false)
    .option('--profile <directory>', 'leave a .cpuprofile of each process there')
    .option('--seed <n>', 'of the choice of keys', wholeNumber, 1)
    .option('--directory <path>', 'where the stores are put', tmpdir())
    .parse([...argv], { from: 'user' });
  const given = command.opts<Partial<StorageOptions> & { quick?: boolean }>();
  const { quick: isQuick, ...rest } = given;
  return { json: undefined, ...(isQuick === true ? quick : full), ...rest } as StorageOptions;
}

function wholeNumber(value: string): number {
  if (!/^[1-9]\d{0,8}$/.test(value)) throw new InvalidArgumentError('a whole number from 1 is expected.');
  return Number(value);
}

function positive(value: string): number {
  const number = Number(value);
  if (!(number > 0 && number < 1e6)) throw new InvalidArgumentError('a number above 0 is expected.');
  return number;
}

function listOf<Name extends string>(names: readonly Name[]): (value: string) => readonly Name[] {
  return (value) => {
    const given = value.split(',');
    const isName = (name: string): name is Name => names.some((other) => other === name);
    if (!given.every(isName)) throw new InvalidArgumentError(`a list of ${names.join(', ')} is expected.`);
    return given;
  };
}
