import type { Result } from '../cluster/result.js';

/** Fields that a result must have, exactly. */
export type Wanted = Partial<
  Pick<
    Result,
    | 'part'
    | 'system'
    | 'workload'
    | 'level'
    | 'inFlight'
    | 'previous'
    | 'busyPolls'
    | 'nodes'
    | 'keys'
    | 'keyOrder'
    | 'clients'
    | 'valueBytes'
    | 'durability'
    | 'round'
  >
>;

export function select(results: readonly Result[], wanted: Wanted): Result[] {
  const entries = Object.entries(wanted) as [keyof Wanted, unknown][];
  return results.filter((result) => entries.every(([name, value]) => result[name] === value));
}

/** A figure of one selection divided by that of another, round by round: what slowed a whole round down cancels out. */
export function ratiosByRound(
  results: readonly Result[],
  ours: Wanted,
  theirs: Wanted,
  figure: (result: Result) => number | undefined,
): number[] {
  return select(results, ours).flatMap((own) => {
    const [other] = select(results, { ...theirs, round: own.round });
    const above = figure(own);
    const below = other === undefined ? undefined : figure(other);
    return above === undefined || below === undefined || below === 0 ? [] : [above / below];
  });
}
