import type { Durability } from '@kv/storage';

import { memoryDirectory } from '../options.js';
import { type Endpoint, formatEndpoint, parseEndpoint, parseHost, portMax } from './endpoint.js';
import { idExpectation, isNodeId, type Peer, parsePeerList } from './peer-list.js';

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const durabilities = ['always', 'interval', 'os'] as const satisfies readonly Durability[];

/** A value, or what would have been one ("expected ..., got ..."). */
type Parsed<T> = { readonly value: T } | { readonly problem: string };

/** One setting: a flag, and an environment variable for where flags are awkward. */
export interface Setting<T> {
  /** Without its dashes. */
  readonly flag: string;
  readonly placeholder: string;
  readonly description: string;
  parse(text: string): Parsed<T>;
}

export function environmentName({ flag }: Pick<Setting<unknown>, 'flag'>): string {
  return `KV_${flag.toUpperCase().replaceAll('-', '_')}`;
}

/** In the order of `--help`. */
export const settings = {
  id: setting('id', 'ID', 'id of this node (default: node1; none with --join)', expectId),
  port: setting(
    'port',
    'PORT',
    'port to listen on, 0 = any (default: as in --peers, else 50051)',
    whole(0, portMax),
  ),
  host: setting('host', 'HOST', 'address to listen on (default: 127.0.0.1)', expectHost),
  advertise: setting(
    'advertise',
    'HOST:PORT',
    'where others reach this node (default: as in --peers)',
    expectAddress,
  ),
  dataDirectory: setting(
    'data-dir',
    'DIR',
    'directory of this node alone (default: .data/ID)',
    expectDirectory,
  ),
  peers: setting('peers', 'LIST', 'all members as id@host:port,... (default: a cluster of one)', expectPeers),
  join: setting('join', 'HOST:PORT', 'fetch the list of members from this one', expectAddress),
  replicationFactor: setting('replication-factor', 'N', 'copies of each key (default: 3)', whole(1, 9)),
  partitions: setting('partitions', 'N', 'shares of the key space (default: 1024)', expectPartitions),
  zone: setting('zone', 'ZONE', 'where this node is, for people and tools', expectZone),
  durability: setting('durability', 'LEVEL', 'always, interval or os (default: always)', oneOf(durabilities)),
  durabilityIntervalMs: setting(
    'durability-interval-ms',
    'MS',
    'time between syncs at level interval (default: 100)',
    whole(1, 60_000),
  ),
  snapshotIntervalS: setting(
    'snapshot-interval',
    'SECONDS',
    'time between snapshots, 0 = off (default: 300)',
    whole(0, 86_400),
  ),
  memoryBytesMax: setting(
    'memory-limit',
    'BYTES',
    'refuse puts above it (default: 60 % of the memory)',
    whole(1_048_576, Number.MAX_SAFE_INTEGER),
  ),
  requestTimeoutMs: setting(
    'request-timeout-ms',
    'MS',
    'longest that a request may take (default: 5000)',
    whole(1, 600_000),
  ),
  logLevel: setting('log-level', 'LEVEL', 'trace to fatal, or silent (default: info)', oneOf(logLevels)),
} as const;

function setting<T>(
  flag: string,
  placeholder: string,
  description: string,
  parse: (text: string) => Parsed<T>,
): Setting<T> {
  return { flag, placeholder, description, parse };
}

function expected<T>(value: T | undefined, expectation: string, text: string): Parsed<T> {
  return value === undefined
    ? { problem: `expected ${expectation}, got ${JSON.stringify(text)}` }
    : { value };
}

function whole(min: number, max: number): (text: string) => Parsed<number> {
  return (text) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : -1;
    const inRange = number >= min && number <= max;
    const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    return expected(inRange ? number : undefined, `a whole number ${range}`, text);
  };
}

function oneOf<const T extends string>(choices: readonly T[]): (text: string) => Parsed<T> {
  return (text) =>
    expected(
      choices.find((choice) => choice === text),
      `one of ${choices.join(', ')}`,
      text,
    );
}

function expectId(text: string): Parsed<string> {
  return expected(isNodeId(text) ? text : undefined, idExpectation, text);
}

function expectHost(text: string): Parsed<string> {
  return expected(parseHost(text), 'a host name or an IP address, without a port', text);
}

function expectAddress(text: string): Parsed<string> {
  const endpoint: Endpoint | undefined = parseEndpoint(text);
  return expected(
    endpoint === undefined ? undefined : formatEndpoint(endpoint),
    'host:port (an IPv6 host in brackets)',
    text,
  );
}

function expectDirectory(text: string): Parsed<string> {
  const usable = text !== '' && !text.includes('\0') && text !== memoryDirectory;
  return expected(usable ? text : undefined, 'the path of a directory', text);
}

function expectPeers(text: string): Parsed<readonly Peer[]> {
  const peers = parsePeerList(text);
  return typeof peers === 'string' ? { problem: peers } : { value: peers };
}

function expectPartitions(text: string): Parsed<number> {
  const number = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  const powerOfTwo = number >= 1 && number <= 65_536 && Number.isInteger(Math.log2(number));
  return expected(powerOfTwo ? number : undefined, 'a power of two from 1 to 65536', text);
}

function expectZone(text: string): Parsed<string> {
  return expected(
    /^[\w.-]{1,64}$/.test(text) ? text : undefined,
    '1 to 64 letters, digits, dots, dashes or underscores',
    text,
  );
}
