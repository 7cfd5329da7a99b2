import { type Timestamp, timestampOf } from '@kv/hlc';
import {
  createManualClock,
  createRecordingLogger,
  type FileSystemShape,
  type RecordingLogger,
} from '@kv/testing';

import { encodeRecord } from '../src/record/encode-record.js';
import type { LogPosition, StorageEngine } from '../src/engine/engine.js';
import { openEngine } from '../src/engine/open-engine.js';
import type { EngineOptions } from '../src/options.js';
import { systemTimers } from '../src/system/system-ports.adapter.js';

export const directory = '/data';
export const epochMs = 1_750_000_000_000;

const encoder = new TextEncoder();

export const bytesOf = (text: string): Uint8Array => encoder.encode(text);
export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8');
export const stamp = (order: number): Timestamp => (timestampOf(epochMs) + order) as Timestamp;

export interface Mutation {
  readonly key: string;
  /** Undefined: a tombstone. */
  readonly value?: string | undefined;
  /** Of its version: later ones win. */
  readonly order: number;
  readonly node?: number;
  readonly batchContinues?: boolean;
  readonly expiresAtMs?: number;
}

export function recordOf({ key, value, order, node = 1, batchContinues, expiresAtMs }: Mutation): Uint8Array {
  return encodeRecord({
    key: bytesOf(key),
    value: bytesOf(value ?? ''),
    version: { timestamp: stamp(order), node },
    tombstone: value === undefined,
    batchContinues,
    expiresAtMs,
  });
}

export interface Opened {
  readonly engine: StorageEngine;
  readonly logger: RecordingLogger;
  readonly fatal: Error[];
}

export async function openOn(
  fileSystem: FileSystemShape,
  options: Partial<EngineOptions> = {},
): Promise<Opened> {
  const logger = createRecordingLogger();
  const fatal: Error[] = [];
  const engine = await openEngine(
    { directory, partitions: 8, snapshotIntervalMs: 0, memoryBytesMax: 1e9, ...options },
    {
      fileSystem,
      clock: createManualClock({ nowMs: epochMs }),
      timers: systemTimers({ keepAlive: false }),
      logger,
      onFatal: (error) => fatal.push(error),
    },
  );
  return { engine, logger, fatal };
}

/** Position of a mutation that must be stored. */
export function store(engine: StorageEngine, mutation: Mutation): LogPosition {
  const [result] = engine.apply(recordOf(mutation));
  if (result?.kind !== 'stored') throw new Error(`not stored: ${JSON.stringify(result)}`);
  return result.position;
}

export async function storeDurably(engine: StorageEngine, mutation: Mutation): Promise<void> {
  await engine.durable(store(engine, mutation));
}

/** A tombstone reads as null, a partition that is not served as `'damaged'`. */
export function read(engine: StorageEngine, key: string): string | null | undefined {
  try {
    const found = engine.get(bytesOf(key));
    if (found === undefined) return undefined;
    return found.record.tombstone ? null : textOf(found.record.value);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'corrupt') return 'damaged';
    throw error;
  }
}
