import { KvError } from '@kv/errors';

import { nameOfType } from './encoding.js';
import type {
  CallerOptions,
  KvClientOptions,
  KvClientPorts,
  PutOptions,
  ReadOptions,
  ScanOptions,
  WriteOptions,
} from './options.js';

/** Every option there is, so that a misspelt one is an error and not a default. */

export const clientOptionNames = namesOf<KvClientOptions>({
  keyEncoding: true,
  valueEncoding: true,
  consistency: true,
  timeoutMs: true,
  operationsMax: true,
  bytesMax: true,
  routing: true,
  hedging: true,
  coordinating: true,
  busyPollMs: true,
});

export const portNames = namesOf<KvClientPorts>({ transport: true, clock: true, timers: true, random: true });

const caller = { signal: true, timeoutMs: true } as const;
const read = { ...caller, consistency: true } as const;
const write = { ...read, previous: true } as const;

export const callerOptionNames = namesOf<CallerOptions>(caller);
export const readOptionNames = namesOf<ReadOptions>(read);
export const writeOptionNames = namesOf<WriteOptions>(write);
export const putOptionNames = namesOf<PutOptions>({ ...write, ttlMs: true });
export const scanOptionNames = namesOf<ScanOptions>({ ...read, prefix: true, after: true, limit: true });

/**
 * @returns the options
 * @throws KvError `invalid-argument` that names the option; TypeError for what is no object
 */
export function checkNames<Options extends object>(options: Options, names: ReadonlySet<string>): Options {
  if (typeof options !== 'object' || (options as object | null) === null) {
    throw new TypeError(`options: an object is needed, not ${nameOfType(options)}`);
  }
  for (const name of Object.keys(options)) {
    if (names.has(name)) continue;
    throw new KvError(
      'invalid-argument',
      `${name}: there is no such option; known: ${[...names].join(', ')}`,
    );
  }
  return options;
}

/** A record of all of them: one that is added to the type and not here does not compile. */
function namesOf<Options>(names: Record<keyof Required<Options>, true>): ReadonlySet<string> {
  return new Set(Object.keys(names));
}
