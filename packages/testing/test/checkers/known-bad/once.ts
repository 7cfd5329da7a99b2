import { appended, history, read, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const ticket = 'linearizable';

export const once: readonly KnownBad[] = [
  {
    name: 'a retry with a fresh stamp: seen, overwritten, seen again',
    rejectedBy: ['once', 'linearizable'],
    tell: (isBad) =>
      history([
        write(0, 90, { value: 'a', stamps: isBad ? [5, 25] : [5], level: ticket }),
        read(10, 11, ['a', 5]),
        write(12, 20, { value: 'b', stamps: [15], level: ticket, client: 3 }),
        read(30, 31, ['b', 15]),
        read(40, 41, isBad ? ['a', 25] : ['b', 15]),
      ]),
  },
  {
    name: 'a ticket stamped anew: stored under two versions',
    rejectedBy: ['once'],
    tell: (isBad) =>
      history(
        [write(0, 90, { value: 'a', stamps: [5, 25], level: isBad ? ticket : 'quorum' })],
        appended(5, 25),
      ),
  },
  {
    name: 'read under two versions',
    rejectedBy: ['once'],
    tell: (isBad) =>
      history([
        write(0, 90, { value: 'a', stamps: [5, 25], level: isBad ? ticket : 'all' }),
        read(10, 11, ['a', 5]),
        read(20, 21, ['a', 25]),
      ]),
  },
  {
    name: 'a value at QUORUM comes back after it was overwritten, and nobody was writing it any more',
    rejectedBy: ['once', 'visible'],
    tell: (isBad) =>
      history([
        write(0, isBad ? 20 : 32, { value: 'a', stamps: [5, 25] }),
        read(10, 11, ['a', 5]),
        write(12, 50, { value: 'b', stamps: [15], outcome: 'unknown', client: 3 }),
        read(30, 31, ['b', 15]),
        read(40, 41, ['a', 25]),
      ]),
  },
];
