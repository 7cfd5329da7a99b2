import { history, read, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const a = write(0, 10, { value: 'a', stamps: [5] });

export const laterWins: readonly KnownBad[] = [
  {
    name: 'a later write with a slow clock loses',
    rejectedBy: ['later-wins'],
    tell: (isBad) => history([a, write(20, 30, { value: 'b', stamps: [isBad ? 4 : 6] })]),
  },
  {
    name: 'two late acknowledgements of the old stamp count, the second stamp beats a later write',
    rejectedBy: ['later-wins'],
    tell: (isBad) => {
      const first = write(0, 10, { value: 'a', stamps: isBad ? [5, 25] : [5], version: 5 });
      return history([first, write(20, 30, { value: 'b', stamps: [20], client: 2 })]);
    },
  },
  {
    name: 'an abandoned attempt of an acknowledged write comes back above a later one',
    rejectedBy: ['later-wins'],
    tell: (isBad) => {
      const first = write(0, 10, { value: 'a', stamps: [40, 5], version: 5, disowned: isBad ? [] : [40] });
      return history([first, write(20, 30, { value: 'b', stamps: [20], client: 2 })]);
    },
  },
  {
    name: 'an abandoned write comes back above the next one of the same client',
    rejectedBy: ['later-wins'],
    tell: (isBad) => {
      const gone = write(0, 10, { value: 'a', stamps: [40], outcome: 'unknown' });
      return history([gone, write(20, 30, { value: 'b', stamps: [20], client: isBad ? 1 : 2 })]);
    },
  },
  {
    name: 'a write is acknowledged below what was read before it began',
    rejectedBy: ['later-wins'],
    tell: (isBad) => {
      const gone = write(0, 10, { value: 'a', stamps: [40], outcome: 'unknown' });
      const later = write(20, 30, { value: 'b', stamps: [isBad ? 20 : 41], client: 2 });
      return history([gone, read(11, 12, ['a', 40]), later]);
    },
  },
];
