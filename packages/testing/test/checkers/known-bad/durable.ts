import { final, history, read, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const a = write(0, 10, { value: 'a', stamps: [5] });

export const durable: readonly KnownBad[] = [
  {
    name: 'acknowledged while one replica of two had synced it',
    rejectedBy: ['durable'],
    tell: (isBad) =>
      history([a], { acknowledgements: [{ operation: 0, holders: isBad ? 1 : 2, required: 2 }] }),
  },
  {
    name: 'acknowledged at ONE while nobody had synced it',
    rejectedBy: ['durable'],
    tell: (isBad) =>
      history([write(0, 9, { value: 'a', stamps: [5], level: 'one' })], {
        acknowledgements: [{ operation: 0, holders: isBad ? 0 : 1, required: 1 }],
      }),
  },
  {
    name: 'an acknowledged write that no replica holds in the end',
    rejectedBy: ['durable'],
    tell: (isBad) => {
      const b = write(20, 30, { value: 'b', stamps: [25] });
      const left = isBad ? (['a', 5] as const) : (['b', 25] as const);
      return history([a, b], { finals: [final(1, left), final(2, left)] });
    },
  },
  {
    name: 'what was read is gone in the end, and the key with it',
    rejectedBy: ['durable'],
    tell: (isBad) => {
      const b = write(0, 30, { value: 'b', stamps: [25], outcome: 'unknown' });
      return history([b, read(40, 50, ['b', 25])], { finals: [isBad ? final(1) : final(1, ['b', 25])] });
    },
  },
];
