import { appended, final, history, read, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const a = write(0, 10, { value: 'a', stamps: [5] });

export const noPhantom: readonly KnownBad[] = [
  {
    name: 'a value that nobody wrote',
    rejectedBy: ['no-phantom'],
    tell: (isBad) => history([a, read(20, 30, [isBad ? 'A' : 'a', 5])]),
  },
  {
    name: 'a version that nobody stamped, read at ONE',
    rejectedBy: ['no-phantom'],
    tell: (isBad) => history([a, read(20, 30, ['a', isBad ? 6 : 5], { level: 'one' })]),
  },
  {
    name: 'the value of another version',
    rejectedBy: ['no-phantom'],
    tell: (isBad) =>
      history([a, write(20, 30, { value: 'b', stamps: [25] }), read(40, 50, [isBad ? 'a' : 'b', 25])]),
  },
  {
    name: 'hidden by a put that neither deletes nor expires',
    rejectedBy: ['no-phantom'],
    tell: (isBad) => history([write(0, 10, { value: 'a', stamps: [5], expires: !isBad }), read(20, 30, 5)]),
  },
  {
    name: 'read before anybody asked for it to be written',
    rejectedBy: ['no-phantom', 'later-wins', 'linearizable'],
    tell: (isBad) =>
      history([
        read(0, isBad ? 9 : 11, ['a', 15]),
        write(10, 20, { value: 'a', stamps: [15], level: 'linearizable' }),
      ]),
  },
  {
    name: 'a replica stored a version that nobody stamped',
    rejectedBy: ['no-phantom'],
    tell: (isBad) => history([a], appended(5, isBad ? 6 : 5)),
  },
  {
    name: 'a replica holds other bytes than were written',
    rejectedBy: ['no-phantom'],
    tell: (isBad) => history([a], { finals: [final(1, [isBad ? 'A' : 'a', 5])] }),
  },
  {
    name: 'one version for two writes',
    rejectedBy: ['no-phantom'],
    tell: (isBad) =>
      history([
        write(0, 10, { value: 'a', stamps: [5], outcome: 'unknown' }),
        write(0, 10, { value: 'b', stamps: [isBad ? 5 : 6], client: 2 }),
      ]),
  },
];
