import type { FileSystem } from '@kv/storage';

import type { NodeTransport } from './transport.js';

/**
 * Everything nondeterministic that a node touches. The same node runs on real ports in production, on fakes in tests,
 * and on simulated ones.
 */
export interface NodePorts {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly transport: NodeTransport;
  /** Default: requests are not refused for it. */
  readonly loopDelay?: LoopDelay | undefined;
  /** As `EnginePorts.bootId` of @kv/storage. */
  readonly bootId?: string | undefined;
  /** Called at most once, when the disk failed in a way after which nothing may be acknowledged any more. */
  readonly onFatal?: ((error: Error) => void) | undefined;
}

export interface Clock {
  /** Unix milliseconds; may jump. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonicMs(): number;
}

export interface Timers {
  /** Calls back once, after the delay. Returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back in a later turn of the event loop, after pending input and output had theirs. */
  nextTurn(callback: () => void): void;
}

/** How long turns of the event loop take of late, beyond what was to be expected. Asked for every request. */
export interface LoopDelay {
  currentMs(): number;
}

export interface Random {
  /** 0 <= x < 2^32. */
  uint32(): number;
  /** 0 <= x < 1. */
  float(): number;
}

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
