import type { RecordHead, RecordView } from '@kv/storage';

import { compareHeld } from './newest-record.js';
import type { HeadAnswer, ReadAnswer } from '../replica/channel.js';

/** One owner in the current round. */
export interface ReadOwner {
  readonly member: number;
  answer: ReadAnswer | HeadAnswer | undefined;
  /** The newest record sent there to repair it. */
  sent: RecordView | undefined;
  /** The newest record that it acknowledged since, being that one or a newer. */
  acknowledged: RecordView | undefined;
  /** Its incarnation when it did. */
  acknowledgedIn: number;
  /** Its latest write-back has not been answered. */
  pending: boolean;
}

/** Spelt out: three of them are made for every read. */
export function silentOwner(member: number): ReadOwner {
  return {
    member,
    answer: undefined,
    sent: undefined,
    acknowledged: undefined,
    acknowledgedIn: 1,
    pending: false,
  };
}

export function isSilent({ answer }: ReadOwner): boolean {
  return answer === undefined;
}

export function replied({ answer }: ReadOwner): boolean {
  return answer?.kind === 'found' || answer?.kind === 'head' || answer?.kind === 'absent';
}

export function heldBy(answer: ReadOwner['answer']): RecordHead | undefined {
  if (answer?.kind === 'found') return answer.record;
  return answer?.kind === 'head' ? answer.head : undefined;
}

/** Known to hold this version, or a newer one, durably. */
export function holds({ answer, acknowledged }: ReadOwner, newest: RecordHead): boolean {
  if (acknowledged !== undefined && compareHeld(acknowledged, newest) >= 0) return true;
  const held = heldBy(answer);
  return held !== undefined && compareHeld(held, newest) >= 0;
}
