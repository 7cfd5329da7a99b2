import { describe, expect, it } from '@jest/globals';
import { createMemoryFileSystem } from '@kv/testing';

import { openOn, read, recordOf } from './engine-harness.js';

const keys = 64;
const valueBytes = 64 * 1024;
const rounds = 14;
const mebibyte = 1024 * 1024;

describe('recovery of a log that is mostly of what it superseded itself', () => {
  it('takes back memory while it reads', async () => {
    const fileSystem = createMemoryFileSystem({ listOperations: false });
    const { engine } = await openOn(fileSystem);
    for (let round = 0; round < rounds; round += 1) {
      const records = Array.from({ length: keys }, (_, index) =>
        recordOf({
          key: `key ${index}`,
          value: `${round} `.padEnd(valueBytes, 'x'),
          order: 1 + round * keys + index,
        }),
      );
      const last = engine.apply(Buffer.concat(records)).at(-1)!;
      if (last.kind !== 'stored') throw new Error('not stored');
      await engine.durable(last.position);
    }
    expect(engine.stats().logBytes).toBeGreaterThan(rounds * keys * valueBytes);
    const { engine: recovered } = await openOn(fileSystem.kill());
    // Read are 16 MiB at a time: what is being read, and what came before it.
    expect(recovered.stats().memoryBytes).toBeLessThan(36 * mebibyte);
    for (let index = 0; index < keys; index += 1) {
      expect(read(recovered, `key ${index}`)?.slice(0, 3)).toBe(`${rounds - 1} `);
    }
  });
});
