import type { DeliberateBug } from './deliberate-bug.js';
import { replacing } from './replacing.js';

/** Mistakes around attempts, tickets and their bounds. */
export const retryBugs: readonly DeliberateBug[] = [
  {
    name: 'ceiling-ignored',
    breaks: 'an abandoned attempt is stamped when its client has long gone on',
    rule: '11',
    checker: 'later-wins',
    profile: 'impatient',
    composition: replacing({ stampCeiling: () => undefined }),
  },
  {
    name: 'floor-ignored',
    breaks: 'a retry is not stamped above the attempts before it',
    rule: '11',
    checker: 'later-wins',
    profile: 'impatient',
    composition: replacing({ stampFloor: () => undefined }),
  },
  {
    name: 'known-id-is-ack',
    breaks: 'a replica that knows the operation acknowledges it, whatever version it was',
    rule: '10',
    checker: 'durable',
    composition: replacing({
      knowsOperation: (record, held) => {
        const id = record.operationId;
        const heldId = held()?.operationId;
        return id !== undefined && heldId !== undefined && Buffer.compare(id, heldId) === 0;
      },
    }),
  },
  {
    name: 'ticket-stamped-anew',
    breaks: 'a store that brings a ticket gets a new stamp each time it comes',
    rule: '10',
    checker: 'once',
    profile: 'tickets',
    composition: replacing({ keepsTicket: () => false }),
  },
  {
    name: 'linearizable-is-quorum',
    breaks: 'a write at LINEARIZABLE is carried out as one at QUORUM',
    rule: '10',
    checker: 'linearizable',
    profile: 'tickets',
    composition: replacing({ keepsTicket: () => false }),
  },
  {
    name: 'ticket-below-what-was-seen',
    breaks: 'a ticket is stamped without regard to what its quorum showed',
    rule: '10',
    checker: 'later-wins',
    profile: 'tickets',
    composition: replacing({ ticketAbove: () => undefined }),
  },
];
