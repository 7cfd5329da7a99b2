import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { timestampOf } from '@kv/hlc';

import { encodeRecord } from '../record/encode-record.js';
import { nodeFileSystem } from '../system/node-file-system.adapter.js';
import { openEngine } from './open-engine.js';
import { systemClock, systemTimers } from '../system/system-ports.adapter.js';

const text = new TextEncoder();
const ports = () => ({
  fileSystem: nodeFileSystem(),
  clock: systemClock(),
  timers: systemTimers({ keepAlive: false }),
});
const put = (key: string, value: string, at: number) =>
  encodeRecord({
    key: text.encode(key),
    value: text.encode(value),
    version: { timestamp: timestampOf(at), node: 1 },
  });

describe('engine on the real file system', () => {
  let parent = '';
  let directory = '';

  beforeEach(async () => {
    parent = await mkdtemp(join(tmpdir(), 'kv-storage-'));
    directory = join(parent, 'a', 'b');
  });

  afterEach(() => rm(parent, { recursive: true }));

  it('basic operations, log recovery and snapshots', async () => {
    for (let round = 1; round <= 4; round += 1) {
      const engine = await openEngine({ directory, memoryBytesMax: 1e9 }, ports());
      expect(engine.stats().recovery).toEqual({
        records: round === 1 ? 0 : expect.any(Number),
        cutBytes: 0,
        damage: [],
      });
      const at = 1_700_000_000_000 + round;
      const [result] = engine.apply(put('key', `value ${round}`, at));
      expect(result).toMatchObject({ kind: 'stored' });
      if (result?.kind !== 'stored') throw new Error('not stored');
      expect(engine.isDurable(result.position)).toBe(false);
      await engine.durable(result.position);
      expect(engine.isDurable(result.position)).toBe(true);
      expect(Buffer.from(result.previous?.value ?? '').toString()).toBe(
        round === 1 ? '' : `value ${round - 1}`,
      );
      if (round === 2) await engine.snapshot();
      await engine.close();
    }
  });
});
