import { history, read, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const level = 'linearizable';

export const linearizable: readonly KnownBad[] = [
  {
    name: 'two readers see two concurrent writes in different orders',
    rejectedBy: ['linearizable', 'monotonic', 'once'],
    tell: (isBad) =>
      history([
        write(0, 100, { value: 'a', stamps: [5], level }),
        write(0, 100, { value: 'b', stamps: [6], level, client: 2 }),
        read(10, 20, ['a', 5]),
        read(30, 40, ['b', 6], { client: 3 }),
        read(50, 60, isBad ? ['a', 5] : ['b', 6]),
      ]),
  },
  {
    name: 'a write stamped below what it came after is seen, then what it came after: by versions all is well',
    rejectedBy: ['linearizable'],
    tell: (isBad) =>
      history([
        write(0, 10, { value: 'a', stamps: [5], level }),
        read(5, 30, isBad ? ['b', 3] : ['a', 5]),
        write(20, 90, { value: 'b', stamps: [3], level, outcome: 'unknown', client: 3 }),
        read(40, 50, ['a', 5]),
      ]),
  },
  {
    name: 'the initial state after a value was seen',
    rejectedBy: ['linearizable', 'monotonic'],
    tell: (isBad) =>
      history([
        write(0, 100, { value: 'a', stamps: [5], level }),
        read(10, 20, ['a', 5]),
        read(isBad ? 21 : 20, 40, 'nothing'),
      ]),
  },
  {
    name: 'nothing is found between two reads of a value',
    rejectedBy: ['linearizable'],
    tell: (isBad) =>
      history(
        [
          write(0, 10, { value: 'a', stamps: [5], level }),
          // Far above, and of unknown outcome: no other checker can exclude that it hid the key.
          write(0, Infinity, { stamps: [90], level, outcome: isBad ? 'unknown' : 'ok', client: 3 }),
          read(20, 30, isBad ? 'untold' : ['a', 5]),
          read(40, 50, ['a', 5]),
        ].map((told) => (told.endedMs === Infinity && !isBad ? { ...told, endedMs: 60 } : told)),
      ),
  },
  {
    name: 'two deletes, and the value between them seen after both',
    rejectedBy: ['linearizable', 'visible'],
    tell: (isBad) =>
      history([
        write(0, 10, { stamps: [5], level }),
        write(20, 30, { value: 'a', stamps: [25], level }),
        write(40, 50, { stamps: [45], level }),
        read(60, 70, isBad ? ['a', 25] : 45),
      ]),
  },
];
