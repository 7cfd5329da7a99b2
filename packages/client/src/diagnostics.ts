/**
 * What the client tells whoever listens, through node's `diagnostics_channel`. Without subscribers an event costs one look
 * at a flag, and is not even made.
 */
import { channel } from 'node:diagnostics_channel';

import type { KvError } from '@kv/errors';

/** `kv:client:operation`: an operation is over. */
export interface OperationEvent {
  readonly name: string;
  /** As bytes; not to be changed. */
  readonly key: Uint8Array;
  /** The endpoint of its first attempt; undefined if there was none to send it to at once. */
  readonly endpoint: string | undefined;
  readonly durationMs: number;
  /** Undefined: it succeeded. */
  readonly error: unknown;
}

/** `kv:client:retry`: an attempt failed, and another may follow. */
export interface RetryEvent {
  /** `read`, `ticket` or `write`. */
  readonly kind: string;
  /** Undefined: no endpoint was reached. */
  readonly endpoint: string | undefined;
  readonly error: KvError;
}

/** `kv:client:hedge`: a slow read was sent to another owner as well. */
export interface HedgeEvent {
  readonly key: Uint8Array;
  readonly from: string;
  readonly to: string;
}

/** `kv:client:connection`: an endpoint answers, or does not any more. */
export interface ConnectionEvent {
  readonly endpoint: string;
  readonly state: 'up' | 'down';
  readonly error: unknown;
}

export const channels = {
  operation: channel('kv:client:operation'),
  retry: channel('kv:client:retry'),
  hedge: channel('kv:client:hedge'),
  connection: channel('kv:client:connection'),
};
