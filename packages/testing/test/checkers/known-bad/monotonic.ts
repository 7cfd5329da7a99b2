import { history, read, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const a = write(0, 10, { value: 'a', stamps: [5] });

export const monotonic: readonly KnownBad[] = [
  {
    name: 'the value of a dying writer is read, then the one before it',
    rejectedBy: ['monotonic'],
    tell: (isBad) => {
      const b = write(20, Infinity, { value: 'b', stamps: [25], outcome: 'unknown' });
      return history([a, b, read(30, 40, ['b', 25]), read(isBad ? 41 : 39, 50, ['a', 5])]);
    },
  },
  {
    name: 'expired for one reader, alive for the next',
    rejectedBy: ['monotonic', 'linearizable'],
    tell: (isBad) => {
      const put = write(0, 10, { value: 'a', stamps: [5], expires: true, level: 'linearizable' });
      const [first, second] = isBad ? [5, ['a', 5] as const] : [['a', 5] as const, 5];
      return history([put, read(20, 30, first), read(40, 50, second)]);
    },
  },
  {
    name: 'a value written at ONE is read at QUORUM, then nothing',
    rejectedBy: ['monotonic'],
    tell: (isBad) => {
      const put = write(0, 10, { value: 'a', stamps: [5], level: 'one' });
      return history([put, read(20, 30, ['a', 5]), read(40, 50, isBad ? 'nothing' : ['a', 5])]);
    },
  },
];
