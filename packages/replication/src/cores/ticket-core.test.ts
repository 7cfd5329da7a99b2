import { describe, expect, it } from '@jest/globals';
import type { RecordView } from '@kv/storage';

import { at, facts, recordAt, version } from '../../test/model/core-harness.js';
import type { ReadAnswer } from './read-core.js';
import { createTicketCore, type TicketCore } from './ticket-core.js';

const found = (record: RecordView): ReadAnswer => ({ kind: 'found', record, ...facts() });
const absent = (purgeFloor = 0): ReadAnswer => ({
  kind: 'absent',
  ...facts({ purgeFloor: purgeFloor as never }),
});
const refused: ReadAnswer = { kind: 'refused', code: 'corrupt', ...facts() };
const unreachable: ReadAnswer = { kind: 'unreachable' };

function started(): TicketCore {
  const core = createTicketCore({ owners: [1, 2, 3], required: 2 });
  expect(core.step({ kind: 'start' })).toEqual([{ kind: 'query', to: [1, 2, 3] }]);
  return core;
}

function answers(core: TicketCore, ...given: readonly ReadAnswer[]) {
  return given.flatMap((answer, index) => core.step({ kind: 'answer', from: index + 1, answer }));
}

describe('rule 10: a ticket is above all that a quorum has seen', () => {
  it('rule 10: one replica is not enough, two are, and the third is not awaited', () => {
    const core = started();
    expect(answers(core, found(recordAt(20)))).toEqual([]);
    expect(core.step({ kind: 'answer', from: 2, answer: found(recordAt(30)) })).toEqual([
      { kind: 'stamp', above: at(30) },
    ]);
    expect(core.step({ kind: 'answer', from: 3, answer: found(recordAt(90)) })).toEqual([]);
    expect(core.step({ kind: 'stamped', version: version(40) })).toEqual([
      { kind: 'issued', ticket: version(40) },
    ]);
  });

  it('rule 10: tombstones and expired records are versions like any other', () => {
    const tombstone = recordAt(20, { tombstone: true });
    const expired = recordAt(30, { expiresAtTick: 31 });
    expect(answers(started(), found(expired), found(tombstone))).toEqual([{ kind: 'stamp', above: at(30) }]);
  });

  it('rules 10, 18: what a floor has purged is below the ticket too', () => {
    expect(answers(started(), absent(at(50)), found(recordAt(30)))).toEqual([
      { kind: 'stamp', above: at(50) },
    ]);
  });

  it('boundary conditions: a key that nobody knows asks for any stamp', () => {
    expect(answers(started(), absent(), absent())).toEqual([{ kind: 'stamp', above: undefined }]);
  });

  it('a replica that answers twice, and one that is no owner, count once and not at all', () => {
    const core = started();
    for (const from of [1, 1, 9]) expect(core.step({ kind: 'answer', from, answer: absent() })).toEqual([]);
  });
});

describe('no ticket', () => {
  it('without a quorum of replies, however many refused', () => {
    expect(answers(started(), absent(), refused, unreachable)).toMatchObject([
      { kind: 'failed', failure: { why: 'no-quorum', code: 'corrupt', required: 2, received: 1 } },
    ]);
  });

  it('boundary conditions: fewer owners than a quorum are not asked', () => {
    const core = createTicketCore({ owners: [1], required: 2 });
    expect(core.step({ kind: 'start' })).toMatchObject([{ kind: 'failed', failure: { why: 'no-quorum' } }]);
  });

  it.each(['deadline', 'client-gone'] as const)('rule 4: after %s, also while a stamp is made', (kind) => {
    const core = started();
    answers(core, absent(), absent());
    expect(core.step({ kind })).toMatchObject([{ kind: 'failed', failure: { why: kind, received: 2 } }]);
    expect(core.step({ kind: 'stamped', version: version(40) })).toEqual([]);
  });

  it.each(['drift', 'ceiling', 'fenced'] as const)('rules 5, 11, 17: the stamp refused for %s', (reason) => {
    const core = started();
    answers(core, found(recordAt(30)), absent());
    expect(core.step({ kind: 'stamp-refused', reason })).toEqual([
      { kind: 'failed', failure: { why: reason } },
    ]);
  });
});
