import type { DeliberateBug } from './deliberate-bug.js';
import { replacing } from './replacing.js';
import { restamped } from './restamped.js';

/** Mistakes between memory and disk. */
export const durabilityBugs: readonly DeliberateBug[] = [
  {
    name: 'ack-before-fsync',
    breaks: 'a replica acknowledges what is not on its disk yet',
    rule: '1',
    checker: 'durable',
    composition: replacing({ acknowledgementWaits: () => false }),
  },
  {
    name: 'disk-lies',
    breaks: 'fsync returns and nothing was synced',
    rule: '1',
    checker: 'durable',
    composition: replacing({}),
    disksLie: true,
  },
  {
    name: 'last-write-by-arrival',
    breaks: 'a replica keeps what came last, not what is newest',
    rule: '8',
    checker: 'no-phantom',
    composition: replacing({
      // Rewrites the version: the only way in which an engine that orders by version could be made to take it.
      recordKept: (record, hlc) => restamped(record, hlc.now()),
    }),
  },
];
