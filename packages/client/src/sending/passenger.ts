import type { KvError } from '@kv/errors';
import type { Operation, OperationResult } from '@kv/proto';

/**
 * An operation on its way: the message that travels, and whoever waits for its result. One object for both, since one is
 * made for each operation. `id`, `batch` and `isWithdrawn` belong to those who carry it.
 */
export interface Passenger extends Operation {
  /** About as many as it takes in a message. */
  readonly bytes: number;
  /** With which it left; undefined before. */
  batch: Batch | undefined;
  /** Its place in the batch. */
  index: number;
  /** Nobody waits for it any more. */
  isWithdrawn: boolean;
  /**
   * It would leave now: the last moment to say how long its node has, and which stamps are allowed. False: it stays, and
   * is the lane's no more.
   */
  leaves(nowMs: number): boolean;
  /**
   * At most one of the two is called, once, and never from within `submit`.
   *
   * @param nowMs by the monotonic clock, read once for all that came together
   */
  arrived(result: OperationResult, nowMs: number): void;
  failed(error: KvError): void;
}

export interface Batch {
  readonly sentAtMs: number;
  withdraw(index: number): void;
}
