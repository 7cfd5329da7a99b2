import { describe, expect, it } from '@jest/globals';
import { createMemoryFileSystem, type MemoryFileSystem } from '@kv/testing';

import { openOn, read, store } from '../../test/engine-harness.js';

describe('a long end of the log that was never synced', () => {
  it('survives processes killed one after the other, whatever the second was about to do', async () => {
    const fileSystem = createMemoryFileSystem();
    const options = { durability: 'os' } as const;
    const { engine } = await openOn(fileSystem, options);
    const value = 'v'.repeat(3_000_000);
    const keys = Array.from({ length: 6 }, (_, index) => `key${index}`);
    for (const [index, key] of keys.entries()) {
      // Each in a batch of its own.
      await engine.durable(store(engine, { key, value, order: index + 1 }));
    }
    const killed: MemoryFileSystem[] = [];
    const again = fileSystem.kill();
    again.afterOperation = ({ kind }, now) => {
      if (kind === 'rename' || kind === 'remove') killed.push(now.kill());
    };
    await (await openOn(again, options)).engine.close();
    expect(killed.length).toBeGreaterThan(0);
    for (const disk of killed) {
      const { engine: last } = await openOn(disk, options);
      expect(keys.map((key) => read(last, key)?.length)).toEqual(keys.map(() => value.length));
      await last.close();
    }
  });
});
