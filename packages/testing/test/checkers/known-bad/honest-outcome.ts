import { appended, history, read, v, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const a = write(0, 10, { value: 'a', stamps: [5] });

function value(text: string, version?: number) {
  return { kind: 'value', value: text, version: version === undefined ? undefined : v(version) } as const;
}

export const honestOutcome: readonly KnownBad[] = [
  {
    name: 'not applied, and stored',
    rejectedBy: ['honest-outcome'],
    tell: (isBad) =>
      history(
        [write(0, 10, { value: 'a', stamps: [5], outcome: 'not-applied' })],
        appended(...(isBad ? [5] : [])),
      ),
  },
  {
    name: 'not applied, and read',
    rejectedBy: ['honest-outcome', 'linearizable'],
    tell: (isBad) => {
      const level = 'linearizable';
      const put = write(0, 10, {
        value: 'a',
        stamps: [5],
        outcome: isBad ? 'not-applied' : 'unknown',
        level,
      });
      return history([put, read(20, 30, ['a', 5])]);
    },
  },
  {
    name: 'not applied, and reported as replaced',
    rejectedBy: ['honest-outcome'],
    tell: (isBad) => {
      const put = write(0, 10, { value: 'a', stamps: [5], outcome: isBad ? 'not-applied' : 'unknown' });
      return history([put, write(20, 30, { value: 'b', stamps: [25], previous: value('a') })]);
    },
  },
  {
    name: 'a retry is acknowledged, the attempt answered "not applied" was stored, too',
    rejectedBy: ['honest-outcome'],
    tell: (isBad) =>
      history([write(0, 10, { value: 'a', stamps: [5, 8], disowned: isBad ? [5] : [] })], appended(5, 8)),
  },
  {
    name: 'a refused delete hides the key',
    rejectedBy: ['honest-outcome'],
    tell: (isBad) =>
      history([
        a,
        write(20, 30, { stamps: [25], outcome: isBad ? 'not-applied' : 'unknown' }),
        read(40, 50, 25),
      ]),
  },
  {
    name: 'acknowledged under a version that was never stamped',
    rejectedBy: ['honest-outcome'],
    tell: (isBad) => history([write(0, 10, { value: 'a', stamps: [5], version: isBad ? 6 : 5 })]),
  },
];
