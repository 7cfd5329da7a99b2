import type { ErrorCode, Outcome } from '@kv/errors';

import { decisiveRefusal } from './refusal.js';
import type { StampRefusal } from '../stamps/stamp-issuer.js';
import type { WriteAnswer } from './write-answer.js';

/**
 * Why a write was given up, and what may have become of it (rule 12). `ticket-expired`: replicas refused the ticket for
 * its age or its lead, and a fresh stamp would make two writes of one (rule 10).
 */
export interface WriteFailure {
  readonly why: 'no-quorum' | 'deadline' | 'client-gone' | 'ticket-expired' | StampRefusal;
  readonly code: ErrorCode;
  /** `not-applied` is a promise: no replica holds, or will hold, any stamp of this write. */
  readonly outcome: Outcome;
  /** W of the level. */
  readonly required: number;
  /** Acknowledgements of the current round. */
  readonly received: number;
}

interface Evidence {
  readonly why: WriteFailure['why'];
  readonly owners: number;
  readonly required: number;
  readonly received: number;
  /** Of the current round. */
  readonly answers: readonly WriteAnswer[];
  /** Nothing was handed to any transport or replica, or every replica addressed refused before appending. */
  readonly traceless: boolean;
}

export function judgeWriteFailure(evidence: Evidence): WriteFailure {
  const { why, required, received, traceless } = evidence;
  return { why, code: codeOf(evidence), outcome: traceless ? 'not-applied' : 'unknown', required, received };
}

function codeOf(evidence: Evidence): ErrorCode {
  switch (evidence.why) {
    case 'drift':
    case 'fenced':
      return 'clock-drift';
    case 'ceiling':
    case 'client-gone':
      return 'timeout';
    case 'storage':
    case 'not-ready':
    case 'unconfirmed':
      return 'unavailable';
    case 'ticket-expired':
      return evidence.answers.some((answer) => answer.kind === 'refused' && answer.code === 'clock-drift')
        ? 'clock-drift'
        : 'timeout';
    case 'no-quorum':
      return decisiveRefusal(evidence) ?? 'unavailable';
    case 'deadline':
      return decisiveRefusal(evidence) ?? 'timeout';
  }
}
