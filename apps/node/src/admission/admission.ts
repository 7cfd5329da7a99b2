import { KvError } from '@kv/errors';

import type { LoopDelay } from '../ports.js';

/**
 * Whether this node takes on another request of a client. What it takes on it keeps until it is answered, so what it cannot
 * carry out in time is refused at once, before any work is done: refusing costs a hundredth of the work, and the caller learns
 * when to come again. Messages between nodes are not asked for: a node that refused them would hold up the other nodes' clients.
 */
export interface Admission {
  /**
   * Takes on a request of so many bytes; they are to be given back once it is answered.
   * @throws KvError `overloaded`, not applied, with `retryAfterMs`
   */
  take(bytes: number): void;
  give(bytes: number): void;
}

export interface AdmissionOptions {
  /** Of requests that are not answered yet. */
  readonly bytesMax: number;
  /** A turn of the event loop that takes longer than this makes the node refuse. */
  readonly delayMsMax: number;
  /** What those who are refused are told to wait. */
  readonly retryAfterMs: number;
}

export function createAdmission(
  { bytesMax, delayMsMax, retryAfterMs }: AdmissionOptions,
  { loopDelay }: { readonly loopDelay?: LoopDelay | undefined },
): Admission {
  let taken = 0;
  let untilAsked = 0;
  let isBehind = false;
  /** Asking costs more than all the rest: while all is well, only every so many requests do. */
  const looksBehind = (delay: LoopDelay): boolean => {
    if (isBehind || untilAsked === 0) {
      isBehind = delay.currentMs() > delayMsMax;
      untilAsked = requestsPerLook;
    }
    untilAsked -= 1;
    return isBehind;
  };
  const refuse = (why: string): never => {
    throw new KvError('overloaded', why, { outcome: 'not-applied', retryAfterMs });
  };
  return {
    take: (bytes) => {
      // An idle node takes anything: what waits elsewhere in the process is none of its clients' doing.
      if (taken > 0) {
        if (taken + bytes > bytesMax) refuse('too many bytes of requests are under way on this node');
        if (loopDelay !== undefined && looksBehind(loopDelay)) refuse('this node is behind with its work');
      }
      taken += bytes;
    },
    give: (bytes) => {
      taken -= bytes;
    },
  };
}

/** Fewer than come in a turn of a node that has much to do. */
const requestsPerLook = 16;
