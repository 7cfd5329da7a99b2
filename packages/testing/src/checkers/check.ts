import { checkConvergent } from './convergent.js';
import { checkDurable } from './durable.js';
import { checkExpiry } from './expiry.js';
import { Findings } from './findings.js';
import type { History } from './history.js';
import { checkHonestOutcome } from './honest-outcome.js';
import { indexHistory } from './indexed-history.js';
import { checkLaterWins } from './later-wins.js';
import { checkLinearizable } from './linearizable.js';
import { checkMonotonic } from './monotonic.js';
import { checkNoPhantom } from './no-phantom.js';
import { checkOnce } from './once.js';
import { checkPrevious } from './previous.js';
import { checkScans } from './scans.js';
import { type CheckerFigures, type CheckerName, checkerNames, type Verdict } from './verdict.js';
import { checkVisible } from './visible.js';

export interface CheckOptions {
  /** Violations told in words for each checker; all are counted. Default 20. */
  readonly violationsMax?: number;
}

/**
 * Judges a history by every guarantee. Pure, and near linear in the number of operations. Throws an `Error` for a history
 * that contradicts itself (an end before the beginning, a value written twice): nothing could be concluded from it.
 */
export function check(history: History, options: CheckOptions = {}): Verdict {
  const indexed = indexHistory(history);
  const found = Object.fromEntries(
    checkerNames.map((name) => [name, new Findings(name, options.violationsMax ?? 20)]),
  ) as Record<CheckerName, Findings>;
  checkDurable(indexed, found.durable);
  checkVisible(indexed, found.visible);
  checkMonotonic(indexed, found.monotonic);
  checkLaterWins(indexed, found['later-wins']);
  checkHonestOutcome(indexed, found['honest-outcome']);
  checkConvergent(indexed, found.convergent);
  checkNoPhantom(indexed, found['no-phantom']);
  const { returnsWhileRunning } = checkOnce(indexed, found.once);
  checkPrevious(indexed, found.previous);
  const registers = checkLinearizable(indexed, found.linearizable);
  checkScans(indexed, found.scans);
  checkExpiry(indexed, found.expiry);
  const all = Object.values(found);
  const figures = Object.fromEntries(
    checkerNames.map((name) => [name, { judged: found[name].judged, violations: found[name].count }]),
  ) as Record<CheckerName, CheckerFigures>;
  return {
    violations: all.flatMap(({ violations }) => violations),
    figures,
    ...registers,
    returnsWhileRunning,
  };
}
