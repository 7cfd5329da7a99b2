import { describe, expect, it } from '@jest/globals';
import { KvError, type Outcome } from '@kv/errors';
import type { Timestamp } from '@kv/hlc';
import { DeleteRequest, ReplicaWriteRequest } from '@kv/proto';
import { createHistoryRecorder } from '@kv/testing/checkers';

import { World } from '../world/world.js';
import { EvidenceCollector } from './evidence.js';

const key = Buffer.from('k');
const operationId = Buffer.alloc(16, 7);
const version = { timestamp: 5_000 as Timestamp, node: 1 };

/** One delete, of which a client sent a request. */
function requested({ judgesDurability }: { readonly judgesDurability: boolean }) {
  const world = new World({});
  const recorder = createHistoryRecorder({ purges: false }, { clock: { nowMs: () => world.nowMs } });
  const options = { replicationFactor: 3, partitions: 1, judgesDurability };
  const evidence = new EvidenceCollector(options, { recorder, world });
  const write = recorder.write({ client: 1, key: 'k', level: 'quorum', value: undefined });
  evidence.requested(operationId, write);
  return { evidence, recorder, write };
}

/** Stamped in an attempt that was answered with this outcome. */
function collected(outcome: Outcome, { stampNotAfter = 6_000, isWritten = false } = {}) {
  const { evidence, recorder, write } = requested({ judgesDurability: false });
  evidence.stamped({ key, operationId, version, round: 1 });
  const request = DeleteRequest.fromPartial({ key, operationId, stampAbove: 4_000, stampNotAfter });
  const error = new KvError('clock-drift', 'refused', { outcome });
  evidence.answered({ method: 'kv.Delete', request, response: undefined, error });
  if (isWritten) evidence.appended({ key: 'k', version, operationId: undefined });
  evidence.settle();
  write.ended({ outcome: 'unknown' });
  return recorder.history().operations.flatMap((one) => ('stamps' in one ? one.stamps : []));
}

describe('the evidence of a run', () => {
  it('takes two owners that stored a write for its acknowledgement', () => {
    const { evidence, recorder, write } = requested({ judgesDurability: true });
    evidence.acknowledgedByTwo(ReplicaWriteRequest.fromPartial({ key, operationId, version }));
    write.ended({ outcome: 'ok', version, previous: { kind: 'not-asked' } });
    const { acknowledgements } = recorder.history().evidence;
    expect(acknowledgements).toMatchObject([{ operation: write.id, holders: 0, required: 2 }]);
  });

  it('disowns the stamps of an attempt that was answered not-applied and that no replica wrote', () => {
    expect(collected('not-applied')).toEqual([{ version, disowned: true }]);
  });

  it('keeps those that a replica wrote, of other attempts, and of what may have been applied', () => {
    expect(collected('not-applied', { isWritten: true })).toMatchObject([{ disowned: false }]);
    expect(collected('not-applied', { stampNotAfter: 4_500 })).toMatchObject([{ disowned: false }]);
    expect(collected('unknown')).toMatchObject([{ disowned: false }]);
  });
});
