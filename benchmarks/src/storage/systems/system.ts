export type SystemName = 'kv' | 'classic-level' | 'lmdb' | 'map';
export const systemNames: readonly SystemName[] = ['kv', 'classic-level', 'lmdb', 'map'];

/** Of an acknowledged write. `always`: fsynced. `interval`: fsynced every 200 ms. `os`: handed to the operating system. */
export type Durability = 'always' | 'interval' | 'os';

export type KeyKind = 'bytes' | 'strings';
export type Key = Buffer | string;

export interface OpenOptions {
  readonly directory: string;
  readonly durability: Durability;
  readonly keys: KeyKind;
}

/**
 * A store as its own documentation would have it used for speed: groups of writes and reads are handed over as it likes
 * them best. Values are bytes, and belong to the caller again once a call has returned and its promise, if any, resolved.
 */
export interface System {
  readonly name: SystemName;
  /** Resolves once all are as durable as the level says. */
  write(keys: readonly Key[], values: readonly Buffer[]): Promise<unknown> | undefined;
  /** Reads every value; gives the sum of their first bytes, so that nothing can be left out. */
  read(keys: readonly Key[]): Promise<number> | number;
  /** The same by one call; only where `read` makes one for each key, and this is faster. */
  readGroup?(keys: readonly Key[]): number;
  /** The same with bytes of the caller's own; only where `read` gives out the system's. */
  readCopies?(keys: readonly Key[]): number;
  /** One write, acknowledged. */
  put(key: Key, value: Buffer): Promise<unknown>;
  /** Present where single operations take effect at once. */
  readonly single?: SingleOperations | undefined;
  /** What it says of itself, where it does. */
  accounted?(): Accounted;
  close(): Promise<void>;
}

export interface SingleOperations {
  /** Returns what to wait for before the process may run on for long. */
  put(key: Key, value: Buffer): Promise<unknown> | undefined;
  get(key: Key): Buffer | Uint8Array | undefined;
  delete(key: Key): Promise<unknown> | undefined;
  snapshot(): Promise<void>;
}

export interface Accounted {
  readonly memoryBytes: number;
}
