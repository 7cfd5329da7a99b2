import { type Timestamp, timestampOf } from '@kv/hlc';
import {
  type EngineOptions,
  encodeRecord,
  type EnginePorts,
  type FileSystem,
  openEngine,
  type StorageEngine,
  type Timers,
} from '../index.js';
import { createManualClock } from '@kv/testing';

export const directory = '/data';
export const partitions = 8;
export const allPartitions = 2 ** partitions - 1;

const epochMs = 1_750_000_000_000;
const clock = createManualClock({ nowMs: epochMs });
const base = timestampOf(epochMs);
const encoder = new TextEncoder();

const turnsPerSecond = 8;

/** Waits are counted in turns of the event loop: they are short, and a job does the same whenever it is run. */
const turningTimers: Timers = {
  after(delayMs, callback) {
    let left = Math.ceil((delayMs / 1_000) * turnsPerSecond);
    let cancelled = false;
    const next = (): void => {
      if (cancelled) return;
      left -= 1;
      if (left > 0) setImmediate(next);
      else callback();
    };
    setImmediate(next);
    return () => {
      cancelled = true;
    };
  },
  nextTurn: (callback) => void setImmediate(callback),
};

export interface CrashTestOpen extends Partial<EngineOptions> {
  readonly bootId?: string;
  readonly onFatal?: (error: Error) => void;
  readonly timers?: Timers;
}

/** In mode `rebuild`, so that a suspect partition can be looked into. */
export function openForTest(
  fileSystem: FileSystem,
  { bootId = 'first boot', onFatal, timers = turningTimers, ...options }: CrashTestOpen = {},
): Promise<StorageEngine> {
  const ports: EnginePorts = { fileSystem, clock, timers, bootId, onFatal };
  return openEngine(
    {
      directory,
      partitions,
      snapshotIntervalMs: 0,
      // So little that also little dead memory is cleaned.
      memoryBytesMax: 64 * 1024 * 1024,
      damage: 'rebuild',
      ...options,
    },
    ports,
  );
}

/** The version's timestamp tells which write a record is of. */
export function stampOf(order: number): Timestamp {
  return (base + order) as Timestamp;
}

export function orderOf(timestamp: Timestamp): number {
  return timestamp - base;
}

export interface Mutation {
  readonly key: string;
  /** Undefined: a tombstone. */
  readonly value: Uint8Array | undefined;
  readonly order: number;
  readonly batchContinues: boolean;
}

export function recordBytes({ key, value, order, batchContinues }: Mutation): Uint8Array {
  return encodeRecord({
    key: encoder.encode(key),
    value: value ?? new Uint8Array(0),
    version: { timestamp: stampOf(order), node: 1 },
    tombstone: value === undefined,
    batchContinues,
  });
}

export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
