import { describe, expect, it } from '@jest/globals';
import { encodeRecord, headOf, readRecord, type RecordView } from '@kv/storage';

import { at, facts, recordAt } from '../../test/model/core-harness.js';
import type { HeadAnswer } from '../replica/channel.js';
import { createReadCore, type ReadAnswer, type ReadCore, type ReadCoreOptions } from './read-core.js';
import type { WriteAnswer } from './write-answer.js';

const found = (record: RecordView, hlcTick = 0): ReadAnswer => ({
  kind: 'found',
  record,
  ...facts({ hlcTime: at(hlcTick) }),
});
const absent = (purgeFloorTick?: number): ReadAnswer => ({
  kind: 'absent',
  ...facts(purgeFloorTick === undefined ? {} : { purgeFloor: at(purgeFloorTick) }),
});
const refused = (code: 'corrupt' | 'closed'): ReadAnswer => ({ kind: 'refused', code, ...facts() });
const unreachable: ReadAnswer = { kind: 'unreachable' };
const stored: WriteAnswer = { kind: 'stored', ...facts() };

function started(options: Partial<ReadCoreOptions> = {}): ReadCore {
  const core = createReadCore({ owners: [1, 2, 3], required: 2, writeQuorum: 2, at: at(100), ...options });
  core.step({ kind: 'start' });
  return core;
}

function answer(core: ReadCore, from: number, what: ReadAnswer | HeadAnswer, round = 1) {
  return core.step({ kind: 'answer', from, round, answer: what });
}

function writtenBack(core: ReadCore, from: number, record: RecordView, what: WriteAnswer, round = 1) {
  return core.step({ kind: 'write-back-answer', from, round, record, answer: what });
}

const v5 = recordAt(5);
const v9 = recordAt(9);

describe('rule 8: the newest version, and only once a write quorum holds it', () => {
  it('rule 8: agreement is returned without write-back', () => {
    const core = createReadCore({ owners: [1, 2, 3], required: 2, writeQuorum: 2, at: at(100) });
    expect(core.step({ kind: 'start' })).toEqual([
      { kind: 'query', round: 1, at: at(100), to: [1, 2, 3], valueFrom: undefined },
    ]);
    expect(answer(core, 1, found(v5))).toEqual([]);
    expect(answer(core, 2, found(v5))).toEqual([{ kind: 'answered', result: { kind: 'found', record: v5 } }]);
  });

  it('rule 8: otherwise it is written back to the stale replica, and the answer waits', () => {
    const core = started();
    answer(core, 1, found(v5));
    expect(answer(core, 2, found(v9))).toEqual([{ kind: 'write-back', round: 1, record: v9, to: [1] }]);
    expect(writtenBack(core, 1, v9, stored)).toEqual([
      { kind: 'answered', result: { kind: 'found', record: v9 } },
    ]);
  });

  it.each([
    ['already', { kind: 'already', ...facts() }, 1],
    ['newer', { kind: 'newer', version: recordAt(50).version, ...facts() }, 1],
    ['refused', { kind: 'refused', code: 'disk-full', ...facts() }, 0],
    ['unreachable', { kind: 'unreachable', sent: true }, 0],
  ] as const)('rule 8: a write-back answered %s', (_kind, what, answers) => {
    const core = started();
    answer(core, 1, absent());
    answer(core, 2, found(v9));
    expect(writtenBack(core, 1, v9, what)).toHaveLength(answers);
  });

  it('rule 8: a write-back refused by the floor begins the read again', () => {
    const core = started();
    answer(core, 1, absent());
    answer(core, 2, found(v9));
    expect(writtenBack(core, 1, v9, { kind: 'below-floor', ...facts() })).toEqual([
      { kind: 'query', round: 2, at: at(100), to: [1, 2, 3] },
    ]);
    expect(answer(core, 3, found(v9), 1)).toEqual([]);
    answer(core, 1, absent(20), 2);
    expect(answer(core, 2, found(v9), 2)).toEqual([
      { kind: 'answered', result: { kind: 'not-found', version: undefined } },
    ]);
  });

  it('rule 8: a further owner completes the answer when the write-back hangs', () => {
    const core = started();
    answer(core, 1, absent());
    answer(core, 2, found(v9));
    expect(answer(core, 3, found(v9))).toEqual([{ kind: 'answered', result: { kind: 'found', record: v9 } }]);
  });

  it('rule 8: a further owner may hold a newer one, and then that one is written back', () => {
    const core = started();
    answer(core, 1, absent());
    answer(core, 2, found(v5));
    expect(answer(core, 3, found(v9))).toEqual([{ kind: 'write-back', round: 1, record: v9, to: [1, 2] }]);
    expect(writtenBack(core, 1, v5, stored)).toEqual([]);
    expect(writtenBack(core, 2, v9, stored)).toMatchObject([
      { kind: 'answered', result: { record: { version: v9.version } } },
    ]);
  });

  it('rule 8: what cannot reach a write quorum any more is not returned', () => {
    const core = started();
    answer(core, 1, unreachable);
    answer(core, 2, absent());
    answer(core, 3, found(v9));
    expect(writtenBack(core, 2, v9, { kind: 'unreachable', sent: true })).toMatchObject([
      { kind: 'failed', failure: { code: 'unavailable', required: 2, received: 1 } },
    ]);
  });

  it('tombstones: written back like values, then not found with their version', () => {
    const tombstone = recordAt(9, { tombstone: true });
    const core = started();
    answer(core, 1, found(v5));
    expect(answer(core, 2, found(tombstone))).toMatchObject([{ kind: 'write-back', to: [1] }]);
    expect(writtenBack(core, 1, tombstone, stored)).toEqual([
      { kind: 'answered', result: { kind: 'not-found', version: tombstone.version } },
    ]);
  });

  it('late replies are compared and repaired in the background', () => {
    const late = started();
    answer(late, 1, found(v9));
    answer(late, 2, found(v9));
    expect(answer(late, 3, found(v5))).toEqual([{ kind: 'repair', record: v9, to: [3] }]);
    const ahead = started();
    answer(ahead, 1, found(v5));
    answer(ahead, 2, found(v5));
    expect(answer(ahead, 3, found(v9))).toEqual([{ kind: 'repair', record: v9, to: [1, 2] }]);
  });

  it('a replier behind that was not needed is repaired with the answer', () => {
    const core = started({ owners: [1, 2, 3, 4, 5], required: 3, writeQuorum: 3 });
    answer(core, 1, found(v5));
    answer(core, 2, found(v9));
    answer(core, 3, found(v9));
    // 1 was sent a write-back when the third reply came; the fourth makes the quorum without it.
    expect(answer(core, 4, found(v9))).toMatchObject([{ kind: 'answered' }]);
    expect(answer(core, 5, absent())).toEqual([{ kind: 'repair', record: v9, to: [5] }]);
  });
});

describe('rule 9: absent with a purge floor', () => {
  it('rule 9: a value older than the floor is dead, one at it or above is alive', () => {
    const dead = started();
    answer(dead, 1, absent(6));
    expect(answer(dead, 2, found(v5))).toEqual([
      { kind: 'answered', result: { kind: 'not-found', version: undefined } },
    ]);
    const alive = started();
    answer(alive, 1, absent(5));
    expect(answer(alive, 2, found(v5))).toMatchObject([{ kind: 'write-back', to: [1] }]);
  });
});

describe('rule 16: TTL', () => {
  const expiring = (tick: number) => recordAt(5, { expiresAtTick: tick });

  it('rule 16: expired at the time of the read is not found', () => {
    const core = started();
    answer(core, 1, found(expiring(100)));
    expect(answer(core, 2, found(expiring(100)))).toMatchObject([
      { kind: 'answered', result: { kind: 'not-found', version: { timestamp: at(5) } } },
    ]);
  });

  it("rule 16: live at the time of the read and on every replica's clock is live", () => {
    const core = started();
    answer(core, 1, found(expiring(101), 100));
    expect(answer(core, 2, found(expiring(101), 99))).toMatchObject([
      { kind: 'answered', result: { kind: 'found' } },
    ]);
  });

  it("rule 16: expired on a replica's clock only: the round is repeated at that time, then expired", () => {
    const core = started();
    answer(core, 1, found(expiring(120), 150));
    expect(answer(core, 2, found(expiring(120), 90))).toEqual([
      { kind: 'query', round: 2, at: at(150), to: [1, 2, 3] },
    ]);
    answer(core, 2, found(expiring(120), 150), 2);
    expect(answer(core, 3, found(expiring(120), 150), 2)).toMatchObject([
      { kind: 'answered', result: { kind: 'not-found' } },
    ]);
  });
});

describe('a read that fails', () => {
  it('says how many replicas it needed and how many answered', () => {
    const core = started();
    answer(core, 1, found(v5));
    answer(core, 2, unreachable);
    expect(answer(core, 3, unreachable)).toMatchObject([
      { kind: 'failed', failure: { code: 'unavailable', required: 2, received: 1 } },
    ]);
  });

  it('is corrupt if damaged replicas prevented the quorum', () => {
    const core = started();
    answer(core, 1, found(v5));
    answer(core, 2, refused('corrupt'));
    expect(answer(core, 3, refused('corrupt'))).toMatchObject([{ failure: { code: 'corrupt' } }]);
  });

  it('is a timeout at its deadline; after an answer the deadline means nothing', () => {
    const waiting = started();
    answer(waiting, 1, found(v5));
    expect(waiting.step({ kind: 'deadline' })).toMatchObject([
      { failure: { code: 'timeout', required: 2, received: 1 } },
    ]);
    const done = started();
    answer(done, 1, found(v5));
    answer(done, 2, found(v5));
    expect(done.step({ kind: 'deadline' })).toEqual([]);
  });

  it('gives up a read that begins again for ever', () => {
    const core = started();
    for (let round = 1; ; round += 1) {
      answer(core, 1, absent(), round);
      answer(core, 2, found(v9), round);
      const [effect] = writtenBack(core, 1, v9, { kind: 'below-floor', ...facts() }, round);
      if (effect?.kind === 'query') continue;
      expect(effect).toMatchObject({ kind: 'failed', failure: { why: 'rounds', code: 'unavailable' } });
      expect(round).toBe(5);
      break;
    }
  });
});

describe('rule 17: one version, two contents', () => {
  it('rule 17: the larger bytes win everywhere, and an alarm is raised once', () => {
    const a = recordAt(5, { value: 'a' });
    const b = recordAt(5, { value: 'b' });
    const larger = Buffer.compare(a.bytes, b.bytes) > 0 ? a : b;
    const core = started();
    answer(core, 1, found(a));
    const effects = answer(core, 2, found(b));
    expect(effects).toMatchObject([
      { kind: 'clash', version: a.version },
      { kind: 'write-back', record: { bytes: larger.bytes } },
    ]);
  });
});

describe('one record, and heads of the others', () => {
  const head = (record: RecordView): HeadAnswer => ({ kind: 'head', head: headOf(record), ...facts() });
  const asked = () => started({ valueFrom: 1 });
  const clashing = readRecord(
    encodeRecord({ key: v9.key, value: Buffer.from('another'), version: v9.version }),
  );

  it('a record that a quorum holds by its head is returned', () => {
    const core = createReadCore({
      owners: [1, 2, 3],
      required: 2,
      writeQuorum: 2,
      at: at(100),
      valueFrom: 1,
    });
    expect(core.step({ kind: 'start' })).toMatchObject([{ kind: 'query', to: [1, 2, 3], valueFrom: 1 }]);
    expect(answer(core, 2, head(v5))).toEqual([]);
    expect(answer(core, 1, found(v5))).toEqual([{ kind: 'answered', result: { kind: 'found', record: v5 } }]);
    expect(answer(core, 3, head(v5))).toEqual([]);
  });

  it('heads that agree wait for the record, and no longer than others are patient', () => {
    const core = asked();
    answer(core, 2, head(v5));
    expect(answer(core, 3, head(v5))).toEqual([]);
    expect(core.step({ kind: 'impatient' })).toEqual([
      { kind: 'query', round: 2, at: at(100), to: [1, 2, 3], valueFrom: undefined },
    ]);
    answer(core, 2, found(v5), 2);
    expect(answer(core, 3, found(v5), 2)).toMatchObject([{ kind: 'answered' }]);
  });

  it.each([
    ['shows an older one', found(v5)],
    ['has none', absent()],
    ['cannot be reached', unreachable],
    ['refuses', refused('corrupt')],
  ])('all are asked for records if the one whose record is wanted %s', (_what, what) => {
    const core = asked();
    answer(core, 2, head(v9));
    const effects = [...answer(core, 1, what), ...answer(core, 3, head(v9))];
    expect(effects).toEqual([{ kind: 'query', round: 2, at: at(100), to: [1, 2, 3], valueFrom: undefined }]);
  });

  it('rule 8: a head that is older is written back to, with the record', () => {
    const core = asked();
    answer(core, 2, head(v5));
    expect(answer(core, 1, found(v9))).toEqual([{ kind: 'write-back', round: 1, record: v9, to: [2] }]);
    expect(writtenBack(core, 2, v9, stored)).toMatchObject([{ kind: 'answered' }]);
  });

  it('a late head is repaired if it is older, and looked after if it is newer', () => {
    for (const [late, kind] of [
      [v5, 'repair'],
      [recordAt(20), 'look-again'],
    ] as const) {
      const core = asked();
      answer(core, 1, found(v9));
      answer(core, 2, head(v9));
      expect(answer(core, 3, head(late))).toMatchObject([{ kind }]);
    }
  });

  it('rule 17: two contents of one version are told apart by their heads', () => {
    const core = asked();
    answer(core, 1, found(v9));
    const effects = [...answer(core, 2, head(clashing)), ...answer(core, 3, head(v9))];
    // The larger bytes win: either they are here, or they are asked for.
    expect(effects.map(({ kind }) => kind)).toEqual(
      Buffer.compare(clashing.bytes, v9.bytes) > 0 ? ['query'] : ['clash', 'write-back', 'answered'],
    );
  });
});
