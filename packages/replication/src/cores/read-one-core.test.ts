import { describe, expect, it } from '@jest/globals';

import { at, facts, recordAt } from '../../test/model/core-harness.js';
import { createReadOneCore } from './read-one-core.js';

function started() {
  const core = createReadOneCore({ owners: [2, 1, 3], at: at(100) });
  return { core, first: core.step({ kind: 'start' }) };
}

const absent = { kind: 'absent', ...facts() } as const;
const corrupt = { kind: 'refused', code: 'corrupt', ...facts() } as const;
const unreachable = { kind: 'unreachable' } as const;

describe('rule 23: a read at ONE', () => {
  it('rule 23: asks the first only, and believes it', () => {
    const { core, first } = started();
    expect(first).toEqual([{ kind: 'query', round: 1, at: at(100), to: [2] }]);
    expect(core.step({ kind: 'answer', from: 2, answer: absent })).toEqual([
      { kind: 'answered', result: { kind: 'not-found', version: undefined } },
    ]);
    expect(core.step({ kind: 'answer', from: 1, answer: absent })).toEqual([]);
  });

  it('rule 23: asks the next when one fails or hangs', () => {
    const { core } = started();
    expect(core.step({ kind: 'answer', from: 2, answer: unreachable })).toMatchObject([{ to: [1] }]);
    expect(core.step({ kind: 'impatient' })).toMatchObject([{ to: [3] }]);
    expect(core.step({ kind: 'impatient' })).toEqual([]);
    const record = recordAt(5);
    expect(core.step({ kind: 'answer', from: 3, answer: { kind: 'found', record, ...facts() } })).toEqual([
      { kind: 'answered', result: { kind: 'found', record } },
    ]);
  });

  it('fails when all have failed, with the reason that they gave', () => {
    const { core } = started();
    core.step({ kind: 'answer', from: 2, answer: unreachable });
    core.step({ kind: 'answer', from: 1, answer: corrupt });
    expect(core.step({ kind: 'answer', from: 3, answer: unreachable })).toMatchObject([
      { kind: 'failed', failure: { code: 'corrupt', required: 1, received: 0 } },
    ]);
  });

  it("TTL: expired by the coordinator's or by the replica's clock is not found", () => {
    for (const [expiresAtTick, hlcTick] of [
      [100, 0],
      [150, 150],
    ] as const) {
      const { core } = started();
      const record = recordAt(5, { expiresAtTick });
      const answer = { kind: 'found', record, ...facts({ hlcTime: at(hlcTick) }) } as const;
      expect(core.step({ kind: 'answer', from: 2, answer })).toEqual([
        { kind: 'answered', result: { kind: 'not-found', version: record.version } },
      ]);
    }
  });
});
