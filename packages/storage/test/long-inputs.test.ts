import { describe, expect, it } from '@jest/globals';
import { createMemoryFileSystem } from '@kv/testing';

import { openOn, read, recordOf, storeDurably } from './engine-harness.js';

describe('an input of many records that is longer than what a segment has left', () => {
  it('is logged once, and acknowledged with its last record, not before', async () => {
    const fileSystem = createMemoryFileSystem();
    const { engine } = await openOn(fileSystem);
    await storeDurably(engine, { key: 'before', value: 'short', order: 1 });
    let order = 2;
    for (let round = 0; round < 8; round += 1) {
      const records = Array.from({ length: 300 }, (_, index) =>
        recordOf({ key: `key${index}`, value: `${round} ${'x'.repeat(200)}`, order: order + index }),
      );
      order += records.length;
      const bytes = records.reduce((sum, record) => sum + record.length, 0);
      const before = engine.stats().logBytes;
      const results = engine.apply(Buffer.concat(records));
      const positions = [...results].map((result) => (result.kind === 'stored' ? result.position : NaN));
      expect(positions).toEqual([...positions].sort((a, b) => a - b));
      expect(positions.some((position) => engine.isDurable(position as never))).toBe(false);
      await engine.durable(positions.at(-1) as never);
      // One header for a batch, perhaps one for a file: not the same bytes again and again.
      expect(engine.stats().logBytes - before).toBeLessThan(bytes + 200);
      // What comes behind it lies in the segment before it again.
      await storeDurably(engine, { key: `after${round}`, value: 'short', order });
      order += 1;
      if (round === 4) await engine.snapshot();
    }
    const { engine: recovered } = await openOn(fileSystem.crash());
    for (const key of ['key0', 'key150', 'key299']) {
      expect(read(recovered, key)).toBe(`7 ${'x'.repeat(200)}`);
    }
    for (let round = 0; round < 8; round += 1) expect(read(recovered, `after${round}`)).toBe('short');
    expect(read(recovered, 'before')).toBe('short');
    expect(recovered.stats().keys).toBe(309);
  });
});
