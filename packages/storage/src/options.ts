import { KvError } from '@kv/errors';

import {
  durabilityIntervalMsDefault,
  durabilityIntervalMsMax,
  partitionsDefault,
  partitionsMax,
  snapshotIntervalMsDefault,
  snapshotIntervalMsMax,
} from './limits.js';

/**
 * When an acknowledged write survives what:
 * `always`: it was fsynced, so it survives everything but the disk's loss. `interval`: handed to the operating system, and
 * fsynced every `durabilityIntervalMs`; survives the death of the process, a crash of the machine may take the last
 * interval. `os`: as the operating system likes.
 */
export type Durability = 'always' | 'interval' | 'os';

/**
 * A partition that may have lost acknowledged records is *suspect*.
 * `refuse`: it is neither read nor written. `rebuild`: what is left is read and written; the caller abstains from telling
 * others about it until it has fetched the rest from them and calls `clearSuspect`. `accept`: what is left is served and the marks
 * are cleared, for a single copy that nobody can rebuild; whatever was lost stays lost.
 */
export type DamageMode = 'refuse' | 'rebuild' | 'accept';

export interface EngineOptions {
  /** Created if absent, for this engine alone; `':memory:'` keeps nothing. */
  readonly directory: string;
  /** A power of two up to 65,536, fixed at the directory's creation. Default 1,024. */
  readonly partitions?: number | undefined;
  /** Default `always`. */
  readonly durability?: Durability | undefined;
  /** Between syncs at durability `interval`: 1 to 60,000 ms. Default 100. */
  readonly durabilityIntervalMs?: number | undefined;
  /** Between snapshots, 0 = none by time; at most a day. Default 300,000. */
  readonly snapshotIntervalMs?: number | undefined;
  /**
   * Puts are refused above it, in bytes. Default the smaller of 60 % of the machine's or container's memory and half of
   * V8's heap limit (`--max-old-space-size`), where small records live.
   */
  readonly memoryBytesMax?: number | undefined;
  /**
   * Keep tombstones and expired records, as replication needs: a replica that forgot a delete would bring the key
   * back. Default true. False only where this engine is the only copy and versions only grow.
   */
  readonly retainTombstones?: boolean | undefined;
  /** What becomes of partitions that may have lost acknowledged records. Default `refuse`. */
  readonly damage?: DamageMode | undefined;
}

export type ResolvedEngineOptions = {
  readonly [Name in keyof EngineOptions]-?: NonNullable<EngineOptions[Name]>;
};

/**
 * Checks every option and fills in the defaults.
 *
 * @throws TypeError for a wrong type, KvError `invalid-argument` for a value out of range; both name the option
 */
export function resolveEngineOptions(
  options: EngineOptions,
  defaults: { readonly memoryBytesMax: () => number },
): ResolvedEngineOptions {
  const partitions = integer('partitions', options.partitions ?? partitionsDefault, {
    min: 1,
    max: partitionsMax,
  });
  if ((partitions & (partitions - 1)) !== 0) refuse('partitions', `${partitions} is no power of two`);
  return {
    directory: directoryOption(options.directory),
    partitions,
    durability: durabilityOption(options.durability ?? 'always'),
    durabilityIntervalMs: integer(
      'durabilityIntervalMs',
      options.durabilityIntervalMs ?? durabilityIntervalMsDefault,
      { min: 1, max: durabilityIntervalMsMax },
    ),
    snapshotIntervalMs: integer(
      'snapshotIntervalMs',
      options.snapshotIntervalMs ?? snapshotIntervalMsDefault,
      { min: 0, max: snapshotIntervalMsMax },
    ),
    memoryBytesMax: integer('memoryBytesMax', options.memoryBytesMax ?? defaults.memoryBytesMax(), {
      min: 1,
      max: Number.MAX_SAFE_INTEGER,
    }),
    retainTombstones: boolean('retainTombstones', options.retainTombstones ?? true),
    damage: damageOption(options.damage ?? 'refuse'),
  };
}

function directoryOption(directory: unknown): string {
  if (typeof directory !== 'string') throw new TypeError('directory must be a string');
  if (directory === '' || directory.includes('\0')) refuse('directory', 'it must be a path, or :memory:');
  return directory;
}

function durabilityOption(durability: unknown): Durability {
  if (typeof durability !== 'string') throw new TypeError('durability must be a string');
  if (durability !== 'always' && durability !== 'interval' && durability !== 'os') {
    refuse('durability', `'${durability}' is none of always, interval, os`);
  }
  return durability;
}

function damageOption(damage: unknown): DamageMode {
  if (typeof damage !== 'string') throw new TypeError('damage must be a string');
  if (damage !== 'refuse' && damage !== 'rebuild' && damage !== 'accept') {
    refuse('damage', `'${damage}' is none of refuse, rebuild, accept`);
  }
  return damage;
}

export function integer(
  name: string,
  value: unknown,
  { min, max }: { readonly min: number; readonly max: number },
): number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`);
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    refuse(name, `${value} is no integer from ${min} to ${max}`);
  }
  return value;
}

function boolean(name: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new TypeError(`${name} must be a boolean`);
  return value;
}

function refuse(name: string, reason: string): never {
  throw new KvError('invalid-argument', `${name}: ${reason}`);
}
