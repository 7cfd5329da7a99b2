import type { Level } from '../load/load.js';

/** `kv` is ours. `grpc-stream` is no store: bare round trips on an open gRPC stream, which ours is compared with. */
export const systemNames = ['kv', 'ioredis', 'node-redis', 'etcd', 'grpc-stream'] as const;
export type SystemName = (typeof systemNames)[number];

/** How every operation of a measurement is to be done. */
export interface Terms {
  readonly level: Level;
  /** Whether a write tells the value that it replaced. */
  readonly previous: boolean;
  /** Whether the client stays awake for answers, if it can. Default false. */
  readonly busyPolls?: boolean;
}

/** One client of a system. All systems are loaded by the same driver through this. */
export interface Connection {
  use(terms: Terms): Operations;
  close(): Promise<void>;
}

export interface Operations {
  /** Resolves with undefined or null if the key is absent. */
  get(key: string): Promise<unknown>;
  /** Resolves with anything but undefined and null. */
  put(key: string, value: string): Promise<unknown>;
  /** Of a failure: so long to wait before the next attempt if the system refused for being overloaded; else undefined. */
  refusal?(error: unknown): { readonly retryAfterMs: number } | undefined;
}

export type OpenConnection = (endpoints: readonly string[]) => Promise<Connection>;
