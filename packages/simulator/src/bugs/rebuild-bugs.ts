import type { DeliberateBug } from './deliberate-bug.js';
import { digestWithoutDeletes } from './digest-without-deletes.js';
import { replacing } from './replacing.js';

/** Mistakes of replicas that lost data, of those who count on them, and of what makes replicas equal. */
export const rebuildBugs: readonly DeliberateBug[] = [
  {
    name: 'suspect-ack-counted',
    breaks: 'a replica that lost its disk acknowledges writes before it is rebuilt',
    rule: '14',
    checker: 'previous',
    profile: 'lost-disks',
    composition: replacing({ abstains: (suspect, part) => suspect && part !== 'write-ack' }),
  },
  {
    name: 'suspect-read-counted',
    breaks: 'a replica that lost its disk answers reads before it is rebuilt',
    rule: '14',
    checker: 'visible',
    profile: 'lost-disks',
    composition: replacing({ abstains: (suspect, part) => suspect && part !== 'read' }),
  },
  {
    name: 'rebuild-from-one-peer',
    breaks: 'a replica that lost its disk counts again when it was filled from one other owner',
    rule: '14',
    checker: 'visible',
    profile: 'lost-disks',
    composition: replacing({ isRebuilt: ({ merged, others }) => merged >= Math.min(1, others) }),
  },
  {
    name: 'suspect-mark-lost',
    breaks: 'a replica forgets at a restart that it was not rebuilt yet',
    rule: '14',
    checker: 'visible',
    profile: 'lost-disks',
    composition: replacing({ marksAtStart: () => new Set() }),
  },
  {
    name: 'old-incarnation-counted',
    breaks: 'what a replica acknowledged before it lost its disk counts after it was rebuilt',
    rule: '15',
    checker: 'durable',
    profile: 'late-answers',
    composition: replacing({ countsIncarnation: () => true }),
  },
  {
    name: 'flight-counts-old-incarnation',
    breaks: 'what a replica acknowledged before it lost its disk ends operations that fly together',
    rule: '15',
    checker: 'durable',
    profile: 'late-answers',
    composition: replacing({ flies: () => true, countsIncarnation: () => true }),
  },
  {
    name: 'digest-ignores-deletes',
    breaks: 'replicas that differ in deletes only are taken for equal',
    rule: 'anti-entropy',
    checker: 'convergent',
    profile: 'deletes',
    composition: replacing({ digest: digestWithoutDeletes }),
  },
];
