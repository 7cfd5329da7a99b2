import type { Version } from '@kv/hlc';

import type { DeliberateBug } from './deliberate-bug.js';
import { replacing } from './replacing.js';

/** As much as the clocks' options allow. */
const anHourMs = 3_600_000;

/** Mistakes of those who coordinate writes. */
export const writeBugs: readonly DeliberateBug[] = [
  {
    name: 'no-restamp',
    breaks: 'a write that meets a newer version is acknowledged under its first, losing stamp',
    rule: '2',
    checker: 'later-wins',
    profile: 'hot-key',
    composition: replacing({
      writeVerdict: ({ required, told, outstanding }) =>
        told >= required ? 'acknowledged' : outstanding === 0 ? 'no-quorum' : 'wait',
    }),
  },
  {
    name: 'unlimited-restamp',
    breaks: 'a write stamps again as long as it meets anything newer: on a hot key it never ends',
    rule: '2',
    checker: 'rounds',
    profile: 'hot-key',
    composition: replacing({
      writeVerdict: ({ required, clean, told, outstanding, impatient }) => {
        if (clean >= required) return 'acknowledged';
        if (told >= required && (clean + outstanding < required || impatient)) return 'stamp-again';
        return outstanding === 0 ? 'no-quorum' : 'wait';
      },
    }),
  },
  {
    name: 'late-ack-counted',
    breaks: 'late clean replies to the first stamp acknowledge the second',
    rule: '3',
    checker: 'durable',
    profile: 'hot-key',
    composition: replacing({ countedRound: (_answered, current) => current }),
  },
  {
    name: 'quorum-minus-one',
    breaks: 'a write is acknowledged by one replica fewer than its level asks for',
    rule: '1',
    checker: 'durable',
    composition: replacing({
      writeVerdict: ({ round, required, clean, told, outstanding, impatient }) => {
        const enough = Math.max(1, required - 1);
        if ((round > 1 ? told : clean) >= enough) return 'acknowledged';
        const isDecided = clean + outstanding < enough || impatient;
        if (round === 1 && told >= enough && isDecided) return 'stamp-again';
        return outstanding === 0 ? 'no-quorum' : 'wait';
      },
    }),
  },
  {
    name: 'flight-quorum-minus-one',
    breaks: 'operations that fly together are over with one owner fewer than their levels ask for',
    rule: '1',
    checker: 'durable',
    composition: replacing({ flies: () => true, flightQuorum: (required) => Math.max(1, required - 1) }),
  },
  {
    name: 'newer-is-stored-alone',
    breaks: 'an owner tells a client that coordinates that it stored what a newer version there has beaten',
    rule: '25',
    checker: 'later-wins',
    profile: 'hot-key',
    composition: replacing({ isStoredAlone: ({ kind }) => kind === 'newer' || kind === 'stored' }),
  },
  {
    name: 'reserved-for-everybody',
    breaks: 'a node reserves the same version again and again, for writes that clients coordinate',
    rule: '25',
    checker: 'no-phantom',
    profile: 'hot-key',
    composition: () => {
      let kept: Version | undefined;
      return { decisions: { reservedVersion: (issued) => (kept ??= issued) } };
    },
  },
  {
    name: 'restamp-after-the-end',
    breaks: 'a write goes on, and stamps again, when its deadline is past or its client gone',
    rule: '4',
    checker: 'later-wins',
    profile: 'impatient',
    composition: replacing({ endsWrite: () => false, stampCeiling: () => undefined }),
  },
  {
    name: 'own-stamp-unchecked',
    breaks: 'a coordinator whose clock jumped uses its stamps all the same',
    rule: '17',
    checker: 'drift',
    profile: 'clocks',
    composition: replacing({ usesOwnStamp: () => true, driftBoundMs: () => anHourMs }),
  },
  {
    name: 'drifted-stamp-merged',
    breaks: 'a replica takes in times that lie far ahead, and passes them on',
    rule: '5',
    checker: 'drift',
    profile: 'clocks',
    composition: replacing({ driftBoundMs: () => anHourMs }),
  },
  {
    name: 'absent-delete-skipped',
    breaks: 'a delete of a key that a replica does not hold writes nothing there',
    rule: '6',
    checker: 'durable',
    profile: 'deletes',
    composition: replacing({ writesTombstone: (held) => held() !== undefined }),
  },
  {
    name: 'partial-is-not-applied',
    breaks: 'a write that some replicas stored and others did not is called not applied',
    rule: '12',
    checker: 'honest-outcome',
    composition: replacing({ leftNoTrace: () => true }),
  },
  {
    name: 'previous-from-own-record',
    breaks: 'a write reports as its previous value what its own first attempt wrote',
    rule: '13',
    checker: 'previous',
    profile: 'hot-key',
    composition: replacing({ isOwnRecord: () => false }),
  },
];
