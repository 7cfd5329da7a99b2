import { type ConsistencyLevel, consistencyLevels, timeoutMsDefault } from '@kv/client';
import { type Command, InvalidArgumentError, Option } from 'commander';

import type { ExitCode } from './exit-code.js';
import type { CliClient, CliIo } from './io.js';
import type { Output } from './output.js';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly endpoints: readonly string[];
  readonly consistency: ConsistencyLevel;
  readonly timeoutMs: number;
  readonly json: boolean;
}

/** What a command works with that asks no cluster. */
export interface OfflineContext<Options = object> {
  readonly io: CliIo;
  readonly global: GlobalOptions;
  readonly options: Options;
  readonly out: Output;
  readonly err: Output;
  /** Aborts when the user interrupts or the reader of the output goes away. */
  readonly signal: AbortSignal;
}

/** What a command works with. */
export interface CommandContext<Options = object> extends OfflineContext<Options> {
  readonly client: CliClient;
}

/** Makes commander's action of a handler that gets the arguments in order; an optional one may be undefined. */
export type Act = <Options>(
  handler: (context: CommandContext<Options>, ...given: string[]) => Promise<ExitCode>,
) => (this: Command, ...given: unknown[]) => Promise<void>;

/** The same for a command that asks no cluster. */
export type ActOffline = <Options>(
  handler: (context: OfflineContext<Options>, ...given: string[]) => Promise<ExitCode>,
) => (this: Command, ...given: unknown[]) => Promise<void>;

const endpointsDefault = '127.0.0.1:50051,127.0.0.1:50052,127.0.0.1:50053';

interface ParsedGlobals {
  readonly endpoints?: string;
  readonly consistency: ConsistencyLevel;
  readonly timeoutMs: number;
  readonly json?: boolean;
}

export function addGlobalOptions(program: Command): void {
  program
    .option(
      '--endpoints <list>',
      `nodes to ask, host:port,... (env KV_ENDPOINTS; default ${endpointsDefault})`,
    )
    .addOption(
      new Option('--consistency <level>', 'replicas that have to answer')
        .choices(consistencyLevels)
        .default('quorum'),
    )
    .option(
      '--timeout-ms <ms>',
      'time for one operation, retries included',
      wholeNumber({ min: 1 }),
      timeoutMsDefault,
    )
    .option('--json', 'output for programs');
}

export function globalOptionsOf(command: Command, env: CliIo['env']): GlobalOptions {
  const { endpoints, consistency, timeoutMs, json = false } = command.optsWithGlobals<ParsedGlobals>();
  const list = endpoints ?? (env['KV_ENDPOINTS'] || endpointsDefault);
  return { endpoints: list.split(',').map((endpoint) => endpoint.trim()), consistency, timeoutMs, json };
}

/** A parser for commander; its refusal names the option. */
export function wholeNumber({ min, max = Number.MAX_SAFE_INTEGER }: { min: number; max?: number }) {
  return (text: string): number => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    if (Number.isSafeInteger(number) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(
      max === Number.MAX_SAFE_INTEGER
        ? `A whole number of at least ${min} is needed.`
        : `A whole number from ${min} to ${max} is needed.`,
    );
  };
}

export const base64Option = ['--base64', 'KEY and VALUE are given, and printed, as base64'] as const;
