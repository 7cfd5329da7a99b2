import type { DeliberateBug } from './deliberate-bug.js';
import { digestWithoutDeletes } from './digest-without-deletes.js';
import { replacing } from './replacing.js';

/** Mistakes with replicas that may have lost what they acknowledged. */
export const lossBugs: readonly DeliberateBug[] = [
  {
    name: 'suspect-ack-counted',
    breaks: 'a replica that lost its data acknowledges writes, knowing nothing of newer ones',
    rule: '14',
    checker: 'later-wins',
    seed: 1,
    composition: replacing({ abstains: (suspect, part) => suspect && part !== 'write-ack' }),
  },
  {
    name: 'suspect-read-counted',
    breaks: 'a replica that lost its data takes part in reads',
    rule: '14',
    checker: 'visible',
    seed: 1,
    composition: replacing({ abstains: (suspect, part) => suspect && part !== 'read' }),
  },
  {
    name: 'rebuild-from-one-peer',
    breaks: 'a replica that lost its data counts again after merging from a single other',
    rule: '14',
    checker: 'visible',
    seed: 1,
    composition: replacing({ isRebuilt: ({ merged }) => merged >= 1 }),
  },
  {
    name: 'old-incarnation-counted',
    breaks: 'an acknowledgement given before a loss counts after it',
    rule: '15',
    checker: 'durable',
    seed: 1,
    composition: replacing({ countsIncarnation: () => true }),
  },
  {
    name: 'suspect-mark-lost',
    breaks: 'a restart makes a suspect replica an ordinary one',
    rule: '14',
    checker: 'visible',
    seed: 1,
    composition: replacing({ marksAtStart: () => new Set() }),
  },
  {
    name: 'digest-ignores-deletes',
    breaks: 'replicas compare digests that leave deletes out',
    rule: '16',
    checker: 'convergent',
    seed: 1,
    composition: replacing({ digest: digestWithoutDeletes }),
  },
];
