import { InvalidArgumentError } from './errors.js';
import { maxDriftMsDefault, maxDriftMsMax, maxDriftMsMin } from './limits.js';

/** @throws TypeError, InvalidArgumentError */
export function checkedMaxDriftMs(maxDriftMs: unknown): number {
  if (maxDriftMs === undefined) return maxDriftMsDefault;
  if (typeof maxDriftMs !== 'number')
    throw new TypeError(`maxDriftMs must be a number, got ${typeof maxDriftMs}`);
  if (!(maxDriftMs >= maxDriftMsMin && maxDriftMs <= maxDriftMsMax)) {
    throw new InvalidArgumentError(
      `maxDriftMs must be from ${maxDriftMsMin} to ${maxDriftMsMax}, got ${maxDriftMs}; leave it out for ${maxDriftMsDefault}`,
    );
  }
  return maxDriftMs;
}
