import { type ErrorCode, KvError } from '@kv/errors';

/**
 * Why a node could not start:
 * - `usage`: what it was told is wrong or contradicts itself
 * - `address`: it cannot listen where it should: the port is taken, or the address is not one of this machine
 * - `data-directory`: it belongs to another node or cluster, is in use, damaged or not writable
 * - `cluster`: no member answered with a list of peers
 */
export type StartFailureReason = 'usage' | 'address' | 'data-directory' | 'cluster';

const codeOf: Readonly<Record<StartFailureReason, ErrorCode>> = {
  usage: 'invalid-argument',
  address: 'unavailable',
  'data-directory': 'invalid-argument',
  cluster: 'unavailable',
};

/** What `createNode` rejects with. The message is one sentence for a person. */
export class StartFailure extends KvError {
  readonly reason: StartFailureReason;

  constructor(
    reason: StartFailureReason,
    message: string,
    facts: { code?: ErrorCode; cause?: unknown } = {},
  ) {
    super(facts.code ?? codeOf[reason], message, { cause: facts.cause });
    this.reason = reason;
  }
}

/** Recognised by its field: `instanceof` fails between two installed copies. */
export function isStartFailure(error: unknown): error is StartFailure {
  return error instanceof Error && typeof (error as { reason?: unknown }).reason === 'string';
}
