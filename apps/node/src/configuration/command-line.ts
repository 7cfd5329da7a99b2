import { Command, CommanderError, Option } from 'commander';

import { defaults, type NodeOptions } from '../options.js';
import { environmentName, type LogLevel, type Setting, settings } from './settings.js';

export interface NodeConfiguration {
  readonly options: NodeOptions;
  readonly logLevel: LogLevel;
}

export type CommandLine =
  | { readonly kind: 'run'; readonly configuration: NodeConfiguration }
  /** `--help` or `--version`: print it, and be done. */
  | { readonly kind: 'answer'; readonly text: string }
  /** Print the sentence, and end with the exit code for wrong usage. */
  | { readonly kind: 'refused'; readonly problem: string };

export interface CommandLineInput {
  /** Without the names of interpreter and script. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
}

class Refusal extends Error {}

/** Flags win over environment variables, these over defaults. An empty variable counts as absent. */
export function readCommandLine({ argv, environment, version }: CommandLineInput): CommandLine {
  const output: string[] = [];
  const command = describeCommand(version, (text) => output.push(text));
  try {
    command.parse(argv, { from: 'user' });
    return { kind: 'run', configuration: configurationFrom(command.opts(), environment) };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', problem: error.message };
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'answer', text: output.join('') };
    return { kind: 'refused', problem: error.message.replace(/^error: /, '') };
  }
}

function describeCommand(version: string, write: (text: string) => void): Command {
  const command = new Command('kv-node')
    .description(
      'A member of a kv cluster. Every flag may also come from the environment: --port as KV_PORT.',
    )
    .version(version, '--version', 'print the version')
    .helpOption('--help', 'print this text')
    .allowExcessArguments(false)
    .showSuggestionAfterError(false)
    .configureOutput({ writeOut: write, writeErr: () => undefined })
    .exitOverride();
  for (const [name, { flag, placeholder, description }] of Object.entries(settings)) {
    const option = new Option(`--${flag} <${placeholder}>`, description);
    option.attributeName = () => name;
    command.addOption(option);
  }
  return command;
}

type Given = Readonly<Partial<Record<keyof typeof settings, string>>>;

function configurationFrom(given: Given, environment: CommandLineInput['environment']): NodeConfiguration {
  const read = <T>(setting: Setting<T>, flagText: string | undefined): T | undefined => {
    const variable = environmentName(setting);
    const text = flagText ?? (environment[variable] === '' ? undefined : environment[variable]);
    if (text === undefined) return undefined;
    const parsed = setting.parse(text);
    if ('value' in parsed) return parsed.value;
    const source = flagText === undefined ? `${variable} (--${setting.flag})` : `--${setting.flag}`;
    throw new Refusal(`${source}: ${parsed.problem}`);
  };
  const id = read(settings.id, given.id);
  const snapshotIntervalS = read(settings.snapshotIntervalS, given.snapshotIntervalS);
  const options = {
    id,
    port: read(settings.port, given.port),
    host: read(settings.host, given.host),
    advertise: read(settings.advertise, given.advertise),
    dataDirectory: read(settings.dataDirectory, given.dataDirectory) ?? `.data/${id ?? defaults.id}`,
    peers: read(settings.peers, given.peers),
    join: read(settings.join, given.join),
    replicationFactor: read(settings.replicationFactor, given.replicationFactor),
    partitions: read(settings.partitions, given.partitions),
    zone: read(settings.zone, given.zone),
    durability: read(settings.durability, given.durability),
    durabilityIntervalMs: read(settings.durabilityIntervalMs, given.durabilityIntervalMs),
    snapshotIntervalMs: snapshotIntervalS === undefined ? undefined : snapshotIntervalS * 1_000,
    memoryBytesMax: read(settings.memoryBytesMax, given.memoryBytesMax),
    requestTimeoutMs: read(settings.requestTimeoutMs, given.requestTimeoutMs),
  };
  if (options.peers !== undefined && options.join !== undefined) {
    throw new Refusal('--join: expected either --peers or --join, got both');
  }
  return { options, logLevel: read(settings.logLevel, given.logLevel) ?? 'info' };
}
