import type { DeliberateBug } from './deliberate-bug.js';
import { replacing } from './replacing.js';

/** Mistakes of those who read, and of what expires. */
export const readBugs: readonly DeliberateBug[] = [
  {
    name: 'no-write-back',
    breaks: 'a read returns what it found on one replica, and a later one does not find it',
    rule: '8',
    checker: 'monotonic',
    profile: 'durability',
    composition: replacing({ answersAtOnce: () => true }),
  },
  {
    name: 'reply-from-unsynced',
    breaks: 'a replica shows what is not on its disk yet',
    rule: '7',
    checker: 'monotonic',
    profile: 'durability',
    composition: replacing({ replyWaits: () => false }),
  },
  {
    name: 'expiry-by-own-clock',
    breaks: 'each node judges by its own clock what has expired, whatever others have told',
    rule: '16',
    checker: 'monotonic',
    profile: 'expiry',
    composition: replacing({ mergesReadTime: () => false, asksExpiredAgain: () => false }),
  },
  {
    name: 'expired-record-hidden',
    breaks: 'a replica answers "absent" for what its own clock calls expired, and an older value returns',
    rule: '16',
    checker: 'monotonic',
    profile: 'expiry',
    composition: replacing({
      hidesExpired: (record, ownTimeMs) => record.expiresAtMs > 0 && record.expiresAtMs <= ownTimeMs,
    }),
  },
  {
    name: 'expired-record-dropped',
    breaks: 'deletes and expired records are dropped at the next snapshot, without a proof',
    rule: '16, 18',
    checker: 'visible',
    profile: 'deletes',
    composition: replacing({ retainsTombstones: () => false }),
  },
];
