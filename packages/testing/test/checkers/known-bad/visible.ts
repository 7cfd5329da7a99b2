import { history, read, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const a = write(0, 10, { value: 'a', stamps: [5] });

export const visible: readonly KnownBad[] = [
  {
    name: 'a read after the acknowledgement returns the write before it',
    rejectedBy: ['visible', 'linearizable'],
    tell: (isBad) => {
      const level = 'linearizable';
      const first = write(0, 10, { value: 'a', stamps: [5], level });
      const second = write(20, 30, { value: 'b', stamps: [25], level });
      return history([first, second, read(isBad ? 31 : 30, 40, ['a', 5])]);
    },
  },
  {
    name: 'a read after the acknowledgement finds nothing',
    rejectedBy: ['visible'],
    tell: (isBad) => history([a, read(isBad ? 11 : 9, 20, 'nothing')]),
  },
  {
    name: 'nothing is found, and no delete could explain it',
    rejectedBy: ['visible'],
    tell: (isBad) => {
      const other = write(15, 25, isBad ? { value: 'b', stamps: [20] } : { stamps: [20] });
      return history([a, other, read(20, 30, 'untold')]);
    },
  },
  {
    name: 'hidden by a delete that the acknowledged write had superseded',
    rejectedBy: ['visible'],
    tell: (isBad) =>
      history([write(0, 4, { stamps: [2] }), { ...a, beganMs: 5 }, read(20, 30, isBad ? 2 : ['a', 5])]),
  },
  {
    name: 'a stale read, which ONE allows and ALL does not',
    rejectedBy: ['visible'],
    tell: (isBad) => {
      const b = write(20, 30, { value: 'b', stamps: [25], level: 'all' });
      return history([a, b, read(40, 50, ['a', 5], { level: isBad ? 'all' : 'one' })]);
    },
  },
];
