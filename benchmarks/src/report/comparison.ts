import type { Result } from '../cluster/result.js';
import { figure, markdownTable, withSpread } from '../storage/markdown.js';
import { spreadOf } from '../storage/ratio.js';
import { systemNames } from '../peers/system.js';
import { ratiosByRound, select, type Wanted } from './select.js';

/** A row for each load of a part in which systems alternate: the median rate of each, and the ratios of ours to theirs. */
export function renderComparison(
  results: readonly Result[],
  part: Result['part'],
  previous: boolean,
): string {
  const own = select(results, { part, previous });
  const systems = systemNames.filter((system) => own.some((result) => result.system === system));
  const others = systems.filter((system) => system !== 'kv');
  const loads = new Map(own.map((result) => [loadName(result), result]));
  return markdownTable(
    ['load', ...systems.map((system) => `${system} /s`), ...others.map((system) => `kv ÷ ${system}`)],
    [...loads].map(([name, { workload, inFlight, keyOrder }]) => {
      const wanted: Wanted = { part, previous, workload, inFlight, keyOrder };
      const rates = (system: Result['system']): number[] =>
        select(own, { ...wanted, system }).map(({ opsPerSecond }) => opsPerSecond);
      return [
        name,
        ...systems.map((system) => figure(spreadOf(rates(system)).median)),
        ...others.map((system) =>
          withSpread(
            spreadOf(
              ratiosByRound(
                own,
                { ...wanted, system: 'kv' },
                { ...wanted, system },
                (each) => each.opsPerSecond,
              ),
            ),
          ),
        ),
      ];
    }),
  );
}

function loadName({ workload, inFlight, keyOrder }: Result): string {
  return `${workload}, ${inFlight.toLocaleString('en')} in flight${keyOrder === 'uniform' ? '' : `, ${keyOrder}`}`;
}
