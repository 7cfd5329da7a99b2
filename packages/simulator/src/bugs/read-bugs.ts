import type { DeliberateBug } from './deliberate-bug.js';
import { replacing } from './replacing.js';
import { expiringLater } from './restamped.js';

/** Far more than clocks disagree. */
const farMs = 3_000;

/** Mistakes of those who read, and of what expires. */
export const readBugs: readonly DeliberateBug[] = [
  {
    name: 'scan-from-one-replica',
    breaks: 'a scan shows what one replica holds, though it is asked for what a quorum knows',
    rule: 'scans',
    checker: 'scans',
    profile: 'lost-disks',
    composition: replacing({ pageReplies: () => 1 }),
  },
  {
    name: 'expires-too-early',
    breaks: 'a record with a time to live expires seconds before its time',
    rule: '16',
    checker: 'expiry',
    profile: 'expiry',
    composition: replacing({ recordKept: (record) => expiringLater(record, -farMs) }),
  },
  {
    name: 'expires-too-late',
    breaks: 'a record with a time to live is there seconds after its time',
    rule: '16',
    checker: 'expiry',
    profile: 'expiry',
    composition: replacing({ recordKept: (record) => expiringLater(record, farMs) }),
  },
  {
    name: 'no-write-back',
    breaks: 'a read returns what it found on one replica, and a later one does not find it',
    rule: '8',
    checker: 'monotonic',
    profile: 'durability',
    composition: replacing({ answersAtOnce: () => true }),
  },
  {
    name: 'flight-agreement-assumed',
    breaks: 'reads that fly together return what the own copy holds, whatever the others show',
    rule: '8',
    checker: 'visible',
    composition: replacing({ flies: () => true, flightAgrees: () => true }),
  },
  {
    name: 'records-told-apart-by-key',
    breaks: 'a client that coordinates takes any two records of a key for the same',
    rule: '24',
    checker: 'visible',
    composition: replacing({ recordIdentity: ({ key }) => key }),
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
