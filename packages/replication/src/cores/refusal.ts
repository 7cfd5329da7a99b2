import type { ErrorCode } from '@kv/errors';

/** How one replica answered, as far as a failure's code depends on it. */
type Answer = { readonly kind: 'refused'; readonly code: ErrorCode } | { readonly kind: string };

/**
 * The code of the refusals, if they and not silence prevented the quorum: enough replicas were reached and none is still
 * awaited, or so many refused that the rest could not make it up.
 */
export function decisiveRefusal(evidence: {
  readonly owners: number;
  readonly required: number;
  /** Of the replicas that answered, or whose call failed, so far. */
  readonly answers: readonly Answer[];
}): ErrorCode | undefined {
  const { owners, required, answers } = evidence;
  const refusals = answers.flatMap((answer) => ('code' in answer ? answer.code : []));
  const heard = answers.filter((answer) => answer.kind !== 'unreachable').length;
  const settled = answers.length === owners && heard >= required;
  if (refusals[0] === undefined || !(settled || owners - refusals.length < required)) return undefined;
  return codeForCaller(refusals[0]);
}

/** A code that speaks of one replica's state would mislead about the store: too few replicas could serve, that is all. */
function codeForCaller(code: ErrorCode): ErrorCode {
  switch (code) {
    case 'memory-full':
    case 'disk-full':
    case 'clock-drift':
    case 'overloaded':
    case 'wrong-epoch':
    case 'corrupt':
    case 'invalid-argument':
      return code;
    case 'unavailable':
    case 'timeout':
    case 'unimplemented':
    case 'closed':
    case 'internal':
      return 'unavailable';
  }
}
