import type { Version } from '@kv/hlc';

import type { WriteAnswer } from '../replica/channel.js';

export type { WriteAnswer };

/** This very version is durable there, and nothing newer is. */
export function isClean(answer: WriteAnswer): boolean {
  return answer.kind === 'stored' || answer.kind === 'already';
}

/** This version or a newer one is durable there, and the replica said which. */
export function tellsVersion(answer: WriteAnswer): boolean {
  return isClean(answer) || answer.kind === 'newer';
}

/**
 * Rule 10: the ticket is too old, below the replica's floor, or too far ahead of its clock. `newer` because of a floor
 * tells of no newer record, so it does not acknowledge the ticket as others do (rule 18).
 */
export function refusesTicket(answer: WriteAnswer, ticket: Version): boolean {
  switch (answer.kind) {
    case 'below-floor':
      return true;
    case 'newer':
      return answer.purgeFloor > ticket.timestamp;
    case 'refused':
      return answer.code === 'clock-drift';
    case 'stored':
    case 'already':
    case 'abstained':
    case 'unreachable':
      return false;
  }
}

/** Refused before appending, or never handed to a transport. `newer` is no such refusal (rule 12). */
export function heldNothing(answer: WriteAnswer): boolean {
  return answer.kind === 'refused' || (answer.kind === 'unreachable' && !answer.sent);
}
