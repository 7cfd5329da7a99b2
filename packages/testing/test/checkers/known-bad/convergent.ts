import { final, history, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const a = write(0, 10, { value: 'a', stamps: [5] });

export const convergent: readonly KnownBad[] = [
  {
    name: 'one replica stayed behind',
    rejectedBy: ['convergent'],
    tell: (isBad) =>
      history([a, write(20, 30, { value: 'b', stamps: [25] })], {
        finals: [final(1, ['b', 25]), final(2, isBad ? ['a', 5] : ['b', 25])],
      }),
  },
  {
    name: 'a delete did not reach every replica',
    rejectedBy: ['convergent'],
    tell: (isBad) =>
      history([a, write(20, 30, { stamps: [25] })], {
        finals: [final(1, [undefined, 25]), isBad ? final(2) : final(2, [undefined, 25])],
      }),
  },
  {
    name: 'a replica has a record that the first one has not',
    rejectedBy: ['convergent'],
    tell: (isBad) =>
      history([write(0, 10, { value: 'a', stamps: [5], outcome: 'unknown' })], {
        finals: [isBad ? final(1) : final(1, ['a', 5]), final(2, ['a', 5])],
      }),
  },
  {
    name: 'equal records, different digests',
    rejectedBy: ['convergent'],
    tell: (isBad) =>
      history([a], {
        finals: [final(1, ['a', 5]), { ...final(2, ['a', 5]), digest: isBad ? 'another' : 'the same' }],
      }),
  },
];
