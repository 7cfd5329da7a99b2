import { history, v, write, type Told } from '../story.js';
import type { KnownBad } from './known-bad.js';

const a = write(0, 10, { value: 'a', stamps: [5] });

function value(text: string, version?: number) {
  return { kind: 'value', value: text, version: version === undefined ? undefined : v(version) } as const;
}

export const previous: readonly KnownBad[] = [
  {
    name: 'a value that was overwritten before this write began',
    rejectedBy: ['previous'],
    tell: (isBad) =>
      history([
        a,
        write(20, 30, { value: 'b', stamps: [25] }),
        write(40, 50, { value: 'c', stamps: [45], previous: value(isBad ? 'a' : 'b') }),
      ]),
  },
  {
    name: 'none, though a value was there',
    rejectedBy: ['previous'],
    tell: (isBad) =>
      history([a, write(isBad ? 11 : 10, 20, { value: 'b', stamps: [15], previous: { kind: 'none' } })]),
  },
  {
    name: 'none, and the only delete is older than what was there',
    rejectedBy: ['previous'],
    tell: (isBad) =>
      history([
        a,
        write(12, 18, { stamps: [isBad ? 4 : 17], outcome: 'unknown', client: 3 }),
        write(20, 30, { value: 'b', stamps: [25], previous: { kind: 'none' } }),
      ]),
  },
  {
    name: 'none, and the only expiring put is its own',
    rejectedBy: ['previous'],
    tell: (isBad) =>
      history([
        { ...a, expires: !isBad } as Told,
        write(20, 30, { value: 'b', stamps: [6, 25], expires: true, previous: { kind: 'none' } }),
      ]),
  },
  {
    name: 'its own value',
    rejectedBy: ['previous'],
    tell: (isBad) =>
      history([a, write(20, 30, { value: 'b', stamps: [20, 25], previous: value(isBad ? 'b' : 'a') })]),
  },
  {
    name: 'a value that nobody wrote, at ONE',
    rejectedBy: ['previous'],
    tell: (isBad) =>
      history([
        a,
        write(20, 30, { value: 'b', stamps: [25], previous: value(isBad ? 'A' : 'a'), level: 'one' }),
      ]),
  },
  {
    name: 'a value that was written later',
    rejectedBy: ['previous'],
    tell: (isBad) =>
      history([
        write(0, 10, { value: 'b', stamps: [8], previous: value('c') }),
        write(isBad ? 11 : 9, 20, { value: 'c', stamps: [7], outcome: 'unknown', client: 2 }),
      ]),
  },
  {
    name: 'a value of a version above its own',
    rejectedBy: ['previous'],
    tell: (isBad) =>
      history([
        write(0, 10, { value: 'b', stamps: [8], previous: value('c', isBad ? 9 : 7) }),
        write(0, 10, { value: 'c', stamps: [7, 9], client: 2 }),
      ]),
  },
];
