import { KvError } from '@kv/errors';
import { ConsistencyLevel as LevelMessage } from '@kv/proto';

import { type EncodableTypes, type Encoding, encodings, nameOfType } from './encoding.js';
import {
  busyPollMsMax,
  bytesMaxDefault,
  operationsMaxDefault,
  scanLimitMax,
  timeoutMsDefault,
  timeoutMsMax,
  ttlMsMax,
} from './limits.js';
import { checkNames, clientOptionNames } from './option-names.js';
import type { Clock, Random, Timers } from './ports.js';
import type { ClientTransport } from './transport/transport.js';

/**
 * How many replicas have to answer: `one`, a majority (`quorum`), `all`; `linearizable` asks first and then stores. Only
 * the last three are ordered among each other.
 */
export type ConsistencyLevel = 'one' | 'quorum' | 'all' | 'linearizable';

export interface KvClientOptions<K extends Encoding = 'utf8', V extends Encoding = 'utf8'> {
  /** Of keys. Default `utf8`. */
  readonly keyEncoding?: K;
  /** Of values. Default `utf8`. */
  readonly valueEncoding?: V;
  /** Of operations that name none. Default `quorum`. */
  readonly consistency?: ConsistencyLevel;
  /** Of operations that name none, retries included, in milliseconds; not of scans. Default 5,000; sensible from 100 to 60,000. */
  readonly timeoutMs?: number;
  /** Operations that may be under way in this client; above it they are refused as `overloaded`. Default 65,536. */
  readonly operationsMax?: number;
  /** Likewise, the bytes of their keys and values. Default 128 MiB. */
  readonly bytesMax?: number;
  /** Send a read that takes longer than 95 of 100 to another owner as well, one in twenty at most. Default true. */
  readonly hedging?: boolean;
  /**
   * While few operations are under way, ask two owners of a key side by side, and so read at `quorum` and `linearizable`, and write
   * at `quorum`, without the way over a coordinator; a node coordinates if that does not do. Needs `hedging` and `routing`. Default true.
   */
  readonly coordinating?: boolean;
  /** Send each operation to an owner of its key, if that can be reached; false: to one endpoint, whatever the key. Default true. */
  readonly routing?: boolean;
  /**
   * Look for answers without a rest for so long after an operation began, in milliseconds, instead of sleeping until one comes: a
   * way of 100 µs takes half as long, and one of the machine's processors is busy meanwhile. For a client that does one thing at a
   * time and has a processor to itself. Default 0: never; at most 100.
   */
  readonly busyPollMs?: number;
}

/** What the client takes from outside; each has a real default. */
export interface KvClientPorts {
  readonly transport?: ClientTransport;
  readonly clock?: Clock;
  readonly timers?: Timers;
  readonly random?: Random;
}

export interface CallerOptions {
  /**
   * Gives the operation up: it rejects with the signal's reason (an `AbortError` unless another was given). A write
   * given up has an unknown outcome.
   */
  readonly signal?: AbortSignal | undefined;
  /** Of the whole operation, retries included, in milliseconds. */
  readonly timeoutMs?: number | undefined;
}

export interface ReadOptions extends CallerOptions {
  readonly consistency?: ConsistencyLevel | undefined;
}

export interface WriteOptions extends CallerOptions {
  readonly consistency?: ConsistencyLevel | undefined;
  /** False declines the previous value and saves its way over the network. Default true. */
  readonly previous?: boolean | undefined;
}

export interface PutOptions extends WriteOptions {
  /** Milliseconds from now after which the value is gone; 0 or left out: never. */
  readonly ttlMs?: number | undefined;
}

export interface ScanOptions<K extends Encoding = 'utf8'> extends ReadOptions {
  /** Only keys that begin with it: text or bytes, whatever the key encoding. */
  readonly prefix?: string | Uint8Array | undefined;
  /** Continue behind this key, the last one of an earlier scan. */
  readonly after?: EncodableTypes[K] | undefined;
  /** Entries in all. */
  readonly limit?: number | undefined;
  /** Of each answer, in milliseconds: a whole scan may take hours. Default 60,000, whatever the client's. */
  readonly timeoutMs?: number | undefined;
}

/** A Map: it has no names but these. */
const levelMessages: ReadonlyMap<ConsistencyLevel, LevelMessage> = new Map([
  ['one', LevelMessage.ONE],
  ['quorum', LevelMessage.QUORUM],
  ['all', LevelMessage.ALL],
  ['linearizable', LevelMessage.LINEARIZABLE],
]);

export const consistencyLevels: readonly ConsistencyLevel[] = [...levelMessages.keys()];

export interface ResolvedOptions<K extends Encoding, V extends Encoding> {
  readonly keyEncoding: K;
  readonly valueEncoding: V;
  readonly consistency: ConsistencyLevel;
  readonly timeoutMs: number;
  readonly operationsMax: number;
  readonly bytesMax: number;
  readonly routing: boolean;
  readonly hedging: boolean;
  readonly coordinating: boolean;
  readonly busyPollMs: number;
}

export function resolveOptions<K extends Encoding, V extends Encoding>(
  options: KvClientOptions<K, V>,
): ResolvedOptions<K, V> {
  checkNames(options, clientOptionNames);
  const { keyEncoding = 'utf8' as K, valueEncoding = 'utf8' as V } = options;
  const { consistency = 'quorum', timeoutMs = timeoutMsDefault } = options;
  const { operationsMax = operationsMaxDefault, bytesMax = bytesMaxDefault, routing = true } = options;
  const { hedging = true, coordinating = true, busyPollMs = 0 } = options;
  const max = Number.MAX_SAFE_INTEGER;
  return {
    keyEncoding: checkedOneOf(keyEncoding, { name: 'keyEncoding', allowed: encodings }),
    valueEncoding: checkedOneOf(valueEncoding, { name: 'valueEncoding', allowed: encodings }),
    consistency: checkedConsistency(consistency),
    timeoutMs: checkedTimeoutMs(timeoutMs),
    operationsMax: checkedWhole(operationsMax, { name: 'operationsMax', min: 1, max }),
    routing: checkedBoolean(routing, 'routing'),
    hedging: checkedBoolean(hedging, 'hedging'),
    coordinating: checkedBoolean(coordinating, 'coordinating'),
    busyPollMs: checkedWhole(busyPollMs, { name: 'busyPollMs', min: 0, max: busyPollMsMax }),
    bytesMax: checkedWhole(bytesMax, { name: 'bytesMax', min: 1, max }),
  };
}

export function levelMessageOf(consistency: ConsistencyLevel): LevelMessage {
  return levelMessages.get(consistency) ?? levelMessages.get(checkedConsistency(consistency))!;
}

function checkedConsistency(consistency: ConsistencyLevel): ConsistencyLevel {
  return checkedOneOf(consistency, { name: 'consistency', allowed: consistencyLevels });
}

export function checkedTimeoutMs(timeoutMs: number): number {
  return checkedWhole(timeoutMs, { name: 'timeoutMs', min: 1, max: timeoutMsMax });
}

/** 0 = never, as on the wire. */
export function checkedTtlMs(ttlMs: number | undefined): number {
  return ttlMs === undefined ? 0 : checkedWhole(ttlMs, { name: 'ttlMs', min: 0, max: ttlMsMax });
}

/** 0 = no limit, as on the wire. */
export function checkedScanLimit(limit: number | undefined): number {
  return limit === undefined ? 0 : checkedWhole(limit, { name: 'limit', min: 1, max: scanLimitMax });
}

export function checkedSignal(signal: AbortSignal | undefined): AbortSignal | undefined {
  // Not instanceof: a signal of another realm, or of a polyfill, works as well.
  if (
    signal === undefined ||
    typeof (signal as Partial<AbortSignal> | null)?.addEventListener === 'function'
  ) {
    return signal;
  }
  throw new TypeError(`signal: an AbortSignal is needed, not ${nameOfType(signal)}`);
}

function checkedBoolean(value: boolean, name: string): boolean {
  if (typeof value === 'boolean') return value;
  throw new TypeError(`${name}: true or false is needed, not ${nameOfType(value)}`);
}

interface WholeBounds {
  readonly name: string;
  readonly min: number;
  readonly max: number;
}

function checkedWhole(value: number, { name, min, max }: WholeBounds): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: a number is needed, not ${nameOfType(value)}`);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new KvError(
    'invalid-argument',
    `${name}: a whole number from ${min} to ${max} is needed, not ${value}`,
  );
}

function checkedOneOf<T extends string>(
  value: T,
  { name, allowed }: { readonly name: string; readonly allowed: readonly string[] },
): T {
  if (typeof value !== 'string') throw new TypeError(`${name}: a string is needed, not ${nameOfType(value)}`);
  if (allowed.includes(value)) return value;
  throw new KvError('invalid-argument', `${name}: one of ${allowed.join(', ')} is needed, not '${value}'`);
}
