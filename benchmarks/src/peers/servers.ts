import type { Durability } from '../load/load.js';

/** The processes of one system, started for a measurement, on loopback and in a directory of their own. */
export interface Servers {
  /** host:port; what a client is given. */
  readonly endpoints: readonly string[];
  readonly pids: readonly number[];
  stop(): Promise<void>;
  /** Of kv: what happens inside the nodes. */
  readonly monitors?: readonly Monitor[];
}

export interface ServersOptions {
  /** Empty, deleted afterwards. */
  readonly directory: string;
  readonly durability: Durability;
  /** Of kv: node processes. */
  readonly nodes: number;
}

/** Looks into one node's process. */
export interface Monitor {
  readonly name: string;
  watchTurns(): Promise<void>;
  /** Ends the watch. */
  turns(): Promise<Turns>;
  startProfile(): Promise<void>;
  stopProfile(path: string): Promise<void>;
}

/** Of the event loop, in ms. */
export interface Turns {
  /** Between two turns, however it was spent: also waiting for a processor that others use. */
  readonly longestMs: number;
  /** Of a turn, what this process itself computed, garbage collection excluded. */
  readonly longestOwnWorkMs: number;
  readonly longestCollectionMs: number;
}
