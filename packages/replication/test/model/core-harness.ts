import { timestampOf, type Timestamp, type Version, zeroTimestamp } from '@kv/hlc';
import { encodeRecord, readRecord, type RecordView } from '@kv/storage';

import type { ReplyFacts } from '../../src/index.js';

/** Short names for what core tests are made of. */

/** Unix time of tick 0. */
export const epochMs = 1_780_000_000_000;

/** `tick` milliseconds after the epoch of the tests. */
export function at(tick: number): Timestamp {
  return timestampOf(epochMs + tick);
}

export function version(tick: number, node = 1): Version {
  return { timestamp: at(tick), node };
}

export interface RecordOptions {
  readonly value?: string;
  readonly node?: number;
  readonly tombstone?: boolean;
  readonly expiresAtTick?: number;
  readonly operationId?: Uint8Array;
  readonly key?: string;
}

const utf8 = new TextEncoder();

export function recordAt(tick: number, options: RecordOptions = {}): RecordView {
  const { value = 'v', node = 1, tombstone = false, expiresAtTick, operationId, key = 'k' } = options;
  return readRecord(
    encodeRecord({
      key: utf8.encode(key),
      value: utf8.encode(tombstone ? '' : value),
      version: version(tick, node),
      tombstone,
      ...(expiresAtTick === undefined ? {} : { expiresAtMs: epochMs + expiresAtTick }),
      ...(operationId === undefined ? {} : { operationId }),
    }),
  );
}

export function facts(overrides: Partial<ReplyFacts> = {}): ReplyFacts {
  return { hlcTime: zeroTimestamp, purgeFloor: zeroTimestamp, epoch: 1, incarnations: [], ...overrides };
}
