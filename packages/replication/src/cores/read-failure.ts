import type { ErrorCode } from '@kv/errors';

import { decisiveRefusal } from './refusal.js';

/** Why a read was given up. `rounds`: it began again too often (rules 8, 16). */
export interface ReadFailure {
  readonly why: 'no-quorum' | 'deadline' | 'client-gone' | 'rounds';
  readonly code: ErrorCode;
  /** Replicas that must answer; or, once they did and the newest version had to be written back, that must hold it. */
  readonly required: number;
  readonly received: number;
}

export function judgeReadFailure(evidence: {
  readonly why: ReadFailure['why'];
  readonly owners: number;
  readonly required: number;
  readonly received: number;
  readonly answers: readonly (
    { readonly kind: 'refused'; readonly code: ErrorCode } | { readonly kind: string }
  )[];
}): ReadFailure {
  const { why, required, received } = evidence;
  return { why, code: codeOf(evidence), required, received };
}

function codeOf(evidence: Parameters<typeof judgeReadFailure>[0]): ErrorCode {
  switch (evidence.why) {
    case 'no-quorum':
      return decisiveRefusal(evidence) ?? 'unavailable';
    case 'deadline':
      return decisiveRefusal(evidence) ?? 'timeout';
    case 'client-gone':
      return 'timeout';
    case 'rounds':
      return 'unavailable';
  }
}
