import { describe, expect, it } from '@jest/globals';
import type { RecordView } from '@kv/storage';

import { facts, recordAt, version } from '../../test/model/core-harness.js';
import type { WriteAnswer } from './write-answer.js';
import { createWriteCore, type WriteCore, type WriteCoreOptions, type WriteRound } from './write-core.js';

const stored = (previous?: RecordView): WriteAnswer => ({ kind: 'stored', previous, ...facts() });
const already: WriteAnswer = { kind: 'already', ...facts() };
const newer = (record: RecordView): WriteAnswer => ({
  kind: 'newer',
  version: record.version,
  previous: record,
  ...facts(),
});
const refused = (code: 'memory-full' | 'clock-drift' | 'closed'): WriteAnswer => ({
  kind: 'refused',
  code,
  ...facts(),
});
const unreachable = (sent: boolean): WriteAnswer => ({ kind: 'unreachable', sent });

function started(options: Partial<WriteCoreOptions> = {}): WriteCore {
  const core = createWriteCore({
    owners: [1, 2, 3],
    required: 2,
    version: version(10),
    wantPrevious: true,
    ...options,
  });
  core.step({ kind: 'start' });
  return core;
}

function answer(core: WriteCore, from: number, what: WriteAnswer, round: WriteRound = 1) {
  return core.step({ kind: 'answer', from, round, answer: what });
}

/** Round 2 after replicas 1 and 2 met `met`. */
function restamped(met = recordAt(20), options: Partial<WriteCoreOptions> = {}): WriteCore {
  const core = started(options);
  answer(core, 1, newer(met));
  answer(core, 2, newer(met));
  core.step({ kind: 'stamped', version: version(30) });
  return core;
}

describe('rule 1: a quorum of clean replies acknowledges', () => {
  it('rule 1: the record goes to all owners, the second clean reply acknowledges', () => {
    const core = createWriteCore({
      owners: [1, 2, 3],
      required: 2,
      version: version(10),
      wantPrevious: false,
    });
    expect(core.step({ kind: 'start' })).toEqual([
      { kind: 'send', round: 1, version: version(10), to: [1, 2, 3] },
    ]);
    expect(answer(core, 1, stored())).toEqual([]);
    expect(answer(core, 3, already)).toEqual([
      { kind: 'acknowledged', version: version(10), previous: { kind: 'not-asked' } },
    ]);
  });

  it('rule 1: refusals and silence acknowledge nothing', () => {
    const core = started();
    expect(answer(core, 1, stored())).toEqual([]);
    expect(answer(core, 2, refused('memory-full'))).toEqual([]);
    expect(answer(core, 3, unreachable(true))).toMatchObject([{ kind: 'failed' }]);
  });

  it('boundary conditions: one owner of one, and all of three', () => {
    expect(answer(started({ owners: [7], required: 1 }), 7, stored())).toMatchObject([
      { kind: 'acknowledged' },
    ]);
    const all = started({ required: 3 });
    answer(all, 1, stored());
    answer(all, 2, stored());
    expect(answer(all, 3, stored())).toMatchObject([{ kind: 'acknowledged' }]);
  });

  it('boundary conditions: with fewer owners than the level needs nothing is sent', () => {
    const core = createWriteCore({ owners: [1], required: 2, version: version(10), wantPrevious: true });
    expect(core.step({ kind: 'start' })).toMatchObject([
      { kind: 'failed', failure: { code: 'unavailable', outcome: 'not-applied', required: 2, received: 0 } },
    ]);
  });
});

describe('rule 2: one second stamp (timestamp ordering)', () => {
  it('rule 2: above the largest version reported, once a clean quorum cannot come', () => {
    const core = started();
    expect(answer(core, 1, newer(recordAt(20)))).toEqual([]);
    expect(answer(core, 2, newer(recordAt(25)))).toEqual([{ kind: 'stamp', above: version(25).timestamp }]);
    expect(core.step({ kind: 'stamped', version: version(30) })).toEqual([
      { kind: 'send', round: 2, version: version(30), to: [1, 2, 3] },
    ]);
  });

  it('rule 2: not while the last replica may still make the quorum clean', () => {
    const core = started();
    expect(answer(core, 1, newer(recordAt(20)))).toEqual([]);
    expect(answer(core, 2, stored())).toEqual([]);
    expect(answer(core, 3, stored())).toMatchObject([{ kind: 'acknowledged', version: version(10) }]);
  });

  it('rule 2: at once when the last replica hangs and patience ends, before or after the replies', () => {
    const before = started();
    answer(before, 1, newer(recordAt(20)));
    expect(before.step({ kind: 'impatient' })).toEqual([]);
    expect(answer(before, 2, stored())).toMatchObject([{ kind: 'stamp' }]);
    const after = started();
    answer(after, 1, newer(recordAt(20)));
    answer(after, 2, stored());
    expect(after.step({ kind: 'impatient' })).toMatchObject([{ kind: 'stamp' }]);
  });

  it('rule 2: never on refusals alone, which have not told what was acknowledged before', () => {
    const core = started();
    answer(core, 1, newer(recordAt(20)));
    answer(core, 2, refused('memory-full'));
    expect(core.step({ kind: 'impatient' })).toEqual([]);
    expect(answer(core, 3, unreachable(true))).toMatchObject([
      { kind: 'failed', failure: { outcome: 'unknown' } },
    ]);
  });

  it('rule 2: in the second round newer counts, and there is no third', () => {
    const core = restamped();
    expect(answer(core, 1, newer(recordAt(40)), 2)).toEqual([]);
    expect(answer(core, 3, newer(recordAt(50)), 2)).toMatchObject([
      { kind: 'acknowledged', version: version(30) },
    ]);
    expect(answer(core, 2, newer(recordAt(50)), 2)).toEqual([]);
  });
});

describe('rule 3: only the last stamp counts', () => {
  it('rule 3: a late clean reply of the first stamp counts for nothing', () => {
    const core = started();
    answer(core, 1, newer(recordAt(20)));
    answer(core, 2, stored());
    core.step({ kind: 'impatient' });
    expect(answer(core, 3, stored())).toEqual([]);
    core.step({ kind: 'stamped', version: version(30) });
    expect(answer(core, 1, stored(), 2)).toEqual([]);
    expect(answer(core, 3, stored(), 1)).toEqual([]);
    expect(answer(core, 3, stored(), 2)).toMatchObject([{ kind: 'acknowledged', version: version(30) }]);
  });

  it('rule 3: one reply per replica and round, whatever is duplicated', () => {
    const core = started();
    answer(core, 1, stored());
    expect(answer(core, 1, stored())).toEqual([]);
    expect(answer(core, 9, stored())).toEqual([]);
    expect(answer(core, 2, stored())).toMatchObject([{ kind: 'acknowledged' }]);
  });
});

describe('rules 4 and 5: what may not be stamped is unknown', () => {
  it.each([
    ['drift', 'clock-drift'],
    ['fenced', 'clock-drift'],
    ['ceiling', 'timeout'],
    ['not-ready', 'unavailable'],
    ['storage', 'unavailable'],
  ] as const)('rules 4, 5: the second stamp refused for %s is %s, outcome unknown', (reason, code) => {
    const core = started();
    answer(core, 1, newer(recordAt(20)));
    answer(core, 2, newer(recordAt(20)));
    expect(core.step({ kind: 'stamp-refused', reason })).toMatchObject([
      { kind: 'failed', failure: { code, outcome: 'unknown', received: 0 } },
    ]);
  });

  it.each(['deadline', 'client-gone'] as const)(
    'rule 4: after %s a stamp that arrives is not used',
    (end) => {
      const core = started();
      answer(core, 1, newer(recordAt(20)));
      answer(core, 2, newer(recordAt(20)));
      expect(core.step({ kind: end })).toMatchObject([{ kind: 'failed', failure: { outcome: 'unknown' } }]);
      expect(core.step({ kind: 'stamped', version: version(30) })).toEqual([]);
    },
  );
});

describe('rule 10: a write with a ticket', () => {
  const ticketed = (): WriteCore => started({ ticketed: true });
  const belowFloor: WriteAnswer = { kind: 'below-floor', ...facts() };

  it('rule 10: newer counts as an acknowledgement, and nothing is ever stamped again', () => {
    const core = ticketed();
    expect(answer(core, 1, newer(recordAt(20)))).toEqual([]);
    expect(core.step({ kind: 'impatient' })).toEqual([]);
    expect(answer(core, 2, newer(recordAt(25)))).toMatchObject([
      { kind: 'acknowledged', version: version(10), previous: { kind: 'unknown' } },
    ]);
  });

  it('rule 10: a repeated store meets itself', () => {
    const core = ticketed();
    answer(core, 1, already);
    expect(answer(core, 3, already)).toMatchObject([
      { kind: 'acknowledged', version: version(10), previous: { kind: 'unknown' } },
    ]);
  });

  it('rule 13: where all of the quorum stored it, the newest that they replaced', () => {
    const core = ticketed();
    answer(core, 1, stored(recordAt(4)));
    expect(answer(core, 3, stored(recordAt(7)))).toMatchObject([
      { kind: 'acknowledged', previous: { kind: 'value', record: { version: version(7) } } },
    ]);
  });

  it('rule 10: one reply is not enough', () => {
    const core = ticketed();
    answer(core, 1, newer(recordAt(20)));
    answer(core, 2, unreachable(true));
    expect(answer(core, 3, unreachable(false))).toMatchObject([
      { kind: 'failed', failure: { why: 'no-quorum', outcome: 'unknown', received: 1 } },
    ]);
  });

  it.each([
    ['drift', refused('clock-drift'), 'clock-drift'],
    ['the floor', belowFloor, 'timeout'],
    [
      'the promise of a floor',
      { ...newer(recordAt(90)), ...facts({ purgeFloor: version(90).timestamp }) },
      'timeout',
    ],
  ] as const)('rule 10: refused by %s it has expired: unknown, never a fresh stamp', (_name, no, code) => {
    const core = ticketed();
    answer(core, 1, no);
    answer(core, 2, no);
    expect(answer(core, 3, no)).toMatchObject([
      { kind: 'failed', failure: { why: 'ticket-expired', code, outcome: 'unknown' } },
    ]);
  });

  it('rule 12: what was handed to nobody, or refused for want of room by all, is not applied', () => {
    for (const no of [unreachable(false), refused('memory-full')]) {
      const core = ticketed();
      answer(core, 1, no);
      answer(core, 2, no);
      expect(answer(core, 3, no)).toMatchObject([{ kind: 'failed', failure: { outcome: 'not-applied' } }]);
    }
  });
});

describe('rule 12: outcomes', () => {
  const failures = (answers: readonly WriteAnswer[], end?: 'deadline') => {
    const core = started();
    const effects = answers.flatMap((what, index) => answer(core, index + 1, what));
    return end === undefined ? effects : [...effects, ...core.step({ kind: end })];
  };

  it('rule 12: nothing handed to any transport is not-applied', () => {
    expect(failures([unreachable(false), unreachable(false), unreachable(false)])).toMatchObject([
      { failure: { code: 'unavailable', outcome: 'not-applied', required: 2, received: 0 } },
    ]);
  });

  it('rule 12: a definite refusal by every replica addressed is not-applied', () => {
    const drift = refused('clock-drift');
    expect(failures([drift, drift, unreachable(false)])).toMatchObject([
      { failure: { code: 'clock-drift', outcome: 'not-applied' } },
    ]);
  });

  it('rule 12: one replica that stored it makes it unknown, and is counted', () => {
    expect(failures([stored(), unreachable(false), unreachable(true)])).toMatchObject([
      { failure: { code: 'unavailable', outcome: 'unknown', required: 2, received: 1 } },
    ]);
  });

  it('rule 12: newer is no refusal', () => {
    const answers = [newer(recordAt(20)), refused('memory-full'), unreachable(false)];
    expect(failures(answers)).toMatchObject([{ failure: { outcome: 'unknown' } }]);
  });

  it('rule 12: silence until the deadline is unknown', () => {
    expect(failures([refused('memory-full'), unreachable(false)], 'deadline')).toMatchObject([
      { failure: { code: 'timeout', outcome: 'unknown' } },
    ]);
  });

  it('a refusal names the failure only if it prevented the quorum', () => {
    const full = refused('memory-full');
    expect(failures([stored(), full, full])).toMatchObject([{ failure: { code: 'memory-full' } }]);
    expect(failures([full, unreachable(true), unreachable(true)])).toMatchObject([
      { failure: { code: 'unavailable' } },
    ]);
    expect(failures([stored(), refused('closed'), refused('closed')])).toMatchObject([
      { failure: { code: 'unavailable' } },
    ]);
  });
});

describe('rule 13: the previous value', () => {
  const operationId = new Uint8Array(16).fill(7);
  const none = { kind: 'none' };
  const unknown = { kind: 'unknown' };
  const previousOf = (
    core: WriteCore,
    answers: readonly (readonly [number, WriteAnswer])[],
    round: WriteRound = 1,
  ) => {
    const effects = answers.flatMap(([from, what]) => answer(core, from, what, round));
    const [acknowledged] = effects;
    return acknowledged?.kind === 'acknowledged' ? acknowledged.previous : effects;
  };

  it('rule 13: the newest that the quorum held', () => {
    const newest = recordAt(5);
    expect(
      previousOf(started(), [
        [1, stored(recordAt(3))],
        [2, stored(newest)],
      ]),
    ).toEqual({
      kind: 'value',
      record: newest,
    });
  });

  it('rule 13: absent, tombstones and what had expired at the stamp count as none (TTL)', () => {
    expect(
      previousOf(started(), [
        [1, stored()],
        [2, stored()],
      ]),
    ).toEqual(none);
    expect(
      previousOf(started(), [
        [1, stored(recordAt(3))],
        [2, stored(recordAt(5, { tombstone: true }))],
      ]),
    ).toEqual(none);
    expect(
      previousOf(started(), [
        [1, stored()],
        [2, stored(recordAt(5, { expiresAtTick: 10 }))],
      ]),
    ).toEqual(none);
    expect(
      previousOf(started(), [
        [1, stored()],
        [2, stored(recordAt(5, { expiresAtTick: 11 }))],
      ]),
    ).toMatchObject({ kind: 'value' });
  });

  it('rule 13: a needed reply `already` makes it unknown', () => {
    expect(
      previousOf(started(), [
        [1, stored(recordAt(5))],
        [2, already],
      ]),
    ).toEqual(unknown);
  });

  it('rule 13: an earlier attempt of this operation hides what was below it, not what came above', () => {
    const attempt = recordAt(5, { operationId });
    expect(
      previousOf(started({ operationId }), [
        [1, stored(recordAt(3))],
        [2, stored(attempt)],
      ]),
    ).toEqual(unknown);
    const above = recordAt(7);
    expect(
      previousOf(started({ operationId }), [
        [1, stored(above)],
        [2, stored(attempt)],
      ]),
    ).toEqual({
      kind: 'value',
      record: above,
    });
  });

  it('rule 13: over both rounds, what the first stamp replaced is found below it', () => {
    const met = recordAt(20, { node: 9 });
    const core = started();
    const below = recordAt(4);
    answer(core, 3, stored(below));
    answer(core, 1, newer(recordAt(12)));
    answer(core, 2, newer(met));
    core.step({ kind: 'stamped', version: version(30) });
    const own = recordAt(10);
    expect(
      previousOf(
        core,
        [
          [3, stored(own)],
          [2, stored(met)],
        ],
        2,
      ),
    ).toEqual({ kind: 'value', record: met });
  });

  it('rule 13: a replica that stored only the first stamp unheard is blind below it', () => {
    const own = recordAt(10);
    const core = started();
    answer(core, 1, newer(recordAt(12)));
    answer(core, 2, newer(recordAt(12)));
    core.step({ kind: 'stamped', version: version(30) });
    expect(
      previousOf(
        core,
        [
          [3, stored(own)],
          [1, newer(recordAt(40))],
        ],
        2,
      ),
    ).toMatchObject({
      kind: 'value',
      record: { version: version(12) },
    });
  });

  it('rule 13: a replica that never stored it, and told nothing in the first round, makes it unknown', () => {
    expect(
      previousOf(
        restamped(),
        [
          [3, newer(recordAt(40))],
          [1, stored(recordAt(20))],
        ],
        2,
      ),
    ).toEqual(unknown);
  });

  it('rule 13: not asked, not told', () => {
    expect(
      previousOf(started({ wantPrevious: false }), [
        [1, already],
        [2, already],
      ]),
    ).toEqual({ kind: 'not-asked' });
  });
});
