import type { Unreachable } from '../coordinator/attempt.js';
import type { WriteReply } from '../replica/replica.js';

/** How a request to one replica ended. */
export type WriteAnswer = WriteReply | Unreachable;

/** This very version is durable there, and nothing newer is. */
export function isClean(answer: WriteAnswer): boolean {
  return answer.kind === 'stored' || answer.kind === 'already';
}

/** This version or a newer one is durable there, and the replica said which. */
export function tellsVersion(answer: WriteAnswer): boolean {
  return isClean(answer) || answer.kind === 'newer';
}

/** Refused before appending, or never handed to a transport. `newer` is no such refusal (rule 12). */
export function heldNothing(answer: WriteAnswer): boolean {
  return answer.kind === 'refused' || (answer.kind === 'unreachable' && !answer.sent);
}
