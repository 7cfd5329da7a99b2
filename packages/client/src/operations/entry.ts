import { KvError, type Outcome } from '@kv/errors';
import { isTimestamp, type Timestamp, type Version } from '@kv/hlc';
import type { Version as VersionMessage } from '@kv/proto';

import type { Codec, DecodedTypes, Encoding } from '../encoding.js';
import type { Previous } from './previous.js';

/** A value with what the store knows about it. */
export interface ValueEntry<V> {
  readonly value: V;
  readonly version: Version;
  /** Unix milliseconds; undefined = never. */
  readonly expiresAtMs: number | undefined;
}

export interface KeyValueEntry<K, V> extends ValueEntry<V> {
  readonly key: K;
}

export interface WriteResult<V> {
  /** Of the write; greater than that of every quorum write acknowledged before it began. */
  readonly version: Version;
  /** What it replaced: a value, `undefined` for none, the symbol `unknown`. */
  readonly previous: Previous<V>;
}

interface EntryMessage {
  readonly value: Uint8Array;
  readonly version?: VersionMessage | undefined;
  readonly expiresAtMs: number;
}

export function valueEntryOf<V extends Encoding>(
  codec: Codec<V>,
  { value, version, expiresAtMs }: EntryMessage,
): ValueEntry<DecodedTypes[V]> {
  return {
    value: codec.decode(value, 'value'),
    version: versionOf(version),
    expiresAtMs: expiresAtMs === 0 ? undefined : expiresAtMs,
  };
}

// Classes, for the reason that messages.ts gives.

export class WriteReceipt<V> implements WriteResult<V> {
  constructor(
    readonly version: Version,
    readonly previous: Previous<V>,
  ) {}
}

class AssignedVersion implements Version {
  constructor(
    readonly timestamp: Timestamp,
    readonly node: number,
  ) {}
}

/** `outcome`: of the write that was answered. */
export function versionOf(version: VersionMessage | undefined, outcome?: Outcome): Version {
  if (version !== undefined && isTimestamp(version.timestamp)) {
    return new AssignedVersion(version.timestamp, version.node);
  }
  throw new KvError('internal', 'the node answered without a version; is it a kv node?', { outcome });
}

/** What the result of an operation holds for what was asked. @throws KvError `internal` if that is nothing */
export function answered<R>(response: R | undefined): R {
  if (response === undefined) throw noAnswer();
  return response;
}

export function noAnswer(): KvError {
  return new KvError('internal', 'the node answered something else than it was asked; is it a kv node?');
}
