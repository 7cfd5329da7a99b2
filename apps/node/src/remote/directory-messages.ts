/** Data directories as members show and remember them, between the domain's words and the wire's. */
import { type Directory as DirectoryMessage, DirectoryVerdict, type PingResponse } from '@kv/proto/internal';
import type { Directory } from '@kv/replication';

import type { JudgedAnswer, Judgement } from '../cluster/standing.js';

export function fromDirectory({ member, incarnation, id, logSequence }: Directory): DirectoryMessage {
  return { member, incarnation, id: Buffer.from(id, 'hex'), logSequence };
}

export function toDirectory({ member, incarnation, id, logSequence }: DirectoryMessage): Directory {
  return { member, incarnation, id: id.toString('hex'), logSequence };
}

const verdictOf = {
  accepted: DirectoryVerdict.ACCEPTED,
  outdated: DirectoryVerdict.OUTDATED,
} as const;

/** @param judgement undefined: nothing was shown, or it could not be remembered */
export function fromJudgement(judgement: Judgement | undefined): Omit<PingResponse, 'header'> {
  return {
    verdict: judgement === undefined ? DirectoryVerdict.UNSPECIFIED : verdictOf[judgement.verdict],
    remembered: judgement?.remembered.map(fromDirectory) ?? [],
    confirmed: judgement?.confirmed ?? false,
  };
}

export function toJudgedAnswer({ verdict, remembered, confirmed }: PingResponse): JudgedAnswer {
  return { verdict: toVerdict(verdict), remembered: remembered.map(toDirectory), confirmed };
}

function toVerdict(verdict: DirectoryVerdict): JudgedAnswer['verdict'] {
  if (verdict === DirectoryVerdict.ACCEPTED) return 'accepted';
  return verdict === DirectoryVerdict.OUTDATED ? 'outdated' : undefined;
}
