import type { CheckerName, History } from '../../src/checkers/index.js';
import { appended, final, history, read, type Told, v, write } from './story.js';

export interface KnownBad {
  readonly name: string;
  /** All that must object, the one whose statement it is first. */
  readonly rejectedBy: readonly CheckerName[];
  /** The same history but for one fact: with it it is bad, mended it must be accepted. */
  readonly tell: (isBad: boolean) => History;
}

const a = write(0, 10, { value: 'a', stamps: [5] });
const ones: Told[] = [a];

function value(text: string, version?: number) {
  return { kind: 'value', value: text, version: version === undefined ? undefined : v(version) } as const;
}

const durable: KnownBad[] = [
  {
    name: 'acknowledged while one replica of two had synced it',
    rejectedBy: ['durable'],
    tell: (isBad) =>
      history(ones, { acknowledgements: [{ operation: 0, holders: isBad ? 1 : 2, required: 2 }] }),
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

const visible: KnownBad[] = [
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

const monotonic: KnownBad[] = [
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

const laterWins: KnownBad[] = [
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

const honestOutcome: KnownBad[] = [
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

const convergent: KnownBad[] = [
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

const noPhantom: KnownBad[] = [
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

const ticket = 'linearizable';

const once: KnownBad[] = [
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

const previous: KnownBad[] = [
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

const level = 'linearizable';

const linearizable: KnownBad[] = [
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

export const knownBad: readonly KnownBad[] = [
  ...durable,
  ...visible,
  ...monotonic,
  ...laterWins,
  ...honestOutcome,
  ...convergent,
  ...noPhantom,
  ...once,
  ...previous,
  ...linearizable,
];
