import { describe, expect, it } from '@jest/globals';
import type { RecordView } from '@kv/storage';

import { at, facts, recordAt } from '../../test/model/core-harness.js';
import { createScanCore, type ScanAnswer, type ScanCore, type ScanCoreOptions } from './scan-core.js';

function page(
  records: readonly RecordView[],
  more = false,
  overrides: Parameters<typeof facts>[0] = {},
): ScanAnswer {
  return { kind: 'page', records, more, ...facts(overrides) };
}

function started(options: Partial<ScanCoreOptions> = {}): ScanCore {
  const core = createScanCore({ owners: [1, 2, 3], required: 2, at: at(100), ...options });
  core.step({ kind: 'start' });
  return core;
}

function answer(core: ScanCore, from: number, what: ScanAnswer, round = 1) {
  return core.step({ kind: 'answer', from, round, answer: what });
}

const record = (key: string, tick = 5) => recordAt(tick, { key });
const keysOf = (records: readonly RecordView[]) => records.map(({ key }) => String.fromCharCode(...key));

describe('a page of a scan', () => {
  it('asks a read quorum, then one more for each that fails or hangs', () => {
    const core = createScanCore({ owners: [1, 2, 3], required: 2, at: at(100) });
    expect(core.step({ kind: 'start' })).toEqual([{ kind: 'fetch', round: 1, at: at(100), to: [1, 2] }]);
    expect(answer(core, 2, { kind: 'unreachable' })).toEqual([
      { kind: 'fetch', round: 1, at: at(100), to: [3] },
    ]);
    expect(started().step({ kind: 'impatient' })).toMatchObject([{ kind: 'fetch', to: [3] }]);
  });

  it('takes the newest version of each key, in key order, and repairs who is behind', () => {
    const core = started();
    answer(core, 1, page([record('a'), record('b', 9)]));
    const effects = answer(core, 2, page([record('b', 7), record('c')]));
    const [merged, ...repairs] = effects;
    expect(merged?.kind === 'page' && keysOf(merged.records)).toEqual(['a', 'b', 'c']);
    expect(merged?.kind === 'page' && merged.records[1]?.version.timestamp).toBe(at(9));
    expect(repairs.map((repair) => repair.kind === 'repair' && repair.to)).toEqual([[2], [2], [1]]);
  });

  it('ends at the smallest last key of a page that has more behind it', () => {
    const core = started();
    answer(core, 1, page([record('a'), record('c')], true));
    const [merged] = answer(core, 2, page([record('a'), record('b'), record('d')]));
    expect(merged?.kind === 'page' && keysOf(merged.records)).toEqual(['a', 'b', 'c']);
    expect(merged).toMatchObject({ next: record('c').key });
  });

  it('boundary conditions: a page without live entries still says where to go on', () => {
    const core = started();
    const gone = [recordAt(5, { key: 'a', tombstone: true }), recordAt(5, { key: 'b', expiresAtTick: 50 })];
    answer(core, 1, page(gone, true));
    expect(answer(core, 2, page(gone, true))).toEqual([{ kind: 'page', records: [], next: record('b').key }]);
  });

  it('rule 9: absent below a purge floor beats an older value', () => {
    const core = started();
    answer(core, 1, page([], false, { purgeFloor: at(6) }));
    expect(answer(core, 2, page([record('a', 5), record('b', 6)]))).toMatchObject([
      { kind: 'page', records: [{ version: { timestamp: at(6) } }] },
      { kind: 'repair', to: [1] },
    ]);
  });

  it("rule 16: expired on a replica's clock only is asked again at that clock's time (TTL)", () => {
    const core = started();
    const expiring = [recordAt(5, { expiresAtTick: 120 })];
    answer(core, 1, page(expiring, false, { hlcTime: at(150) }));
    expect(answer(core, 2, page(expiring))).toEqual([{ kind: 'fetch', round: 2, at: at(150), to: [1, 2] }]);
    answer(core, 1, page(expiring, false, { hlcTime: at(150) }), 2);
    expect(answer(core, 2, page(expiring), 2)).toMatchObject([{ kind: 'page', records: [] }]);
  });

  it.each([[[1, 2, 3]], [[2, 3, 1]], [[3, 2, 1]]])(
    'fails with the facts whatever the order of answers %j',
    (order) => {
      const core = started();
      core.step({ kind: 'impatient' });
      const effects = order.flatMap((from) =>
        answer(core, from, from === 1 ? page([]) : { kind: 'unreachable' }),
      );
      expect(effects).toMatchObject([
        { kind: 'failed', failure: { code: 'unavailable', required: 2, received: 1 } },
      ]);
    },
  );

  it('an empty page that claims more is no answer: it would be asked for for ever', () => {
    const core = started();
    answer(core, 1, page([]));
    expect(answer(core, 2, page([], true))).toMatchObject([{ kind: 'fetch', to: [3] }]);
    expect(answer(core, 3, page([]))).toMatchObject([{ kind: 'page', next: undefined }]);
  });

  it('is corrupt where damaged replicas prevented the quorum', () => {
    const core = started();
    answer(core, 1, { kind: 'refused', code: 'corrupt', ...facts() });
    answer(core, 2, { kind: 'refused', code: 'corrupt', ...facts() });
    expect(answer(core, 3, page([]))).toMatchObject([{ failure: { code: 'corrupt', received: 1 } }]);
  });
});
