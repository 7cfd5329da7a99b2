import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it } from '@jest/globals';

import { Moments } from './moments.js';
import { SegmentedMemory } from './segmented-memory.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('the moments of a memory', () => {
  const created = () => {
    const memory = new SegmentedMemory({ partitions: 1, retainTombstones: false });
    let timestamp = 0;
    const put = (): void => {
      memory.put(Uint8Array.of(1), new Uint8Array(5_000), (timestamp += 1), 0, 0);
    };
    put();
    return { moments: new Moments(memory), put };
  };

  it('keep nothing once they are released', () => {
    const { moments, put } = created();
    const moment = moments.now();
    moment.retain();
    moment.retain();
    put();
    moment.release();
    expect(moments.bytes).toBeGreaterThan(5_000);
    moment.release();
    expect([moments.bytes, moment.bytes]).toEqual([0, 0]);
  });

  it('that nobody holds any more are forgotten, though nobody released them', async () => {
    const { moments, put } = created();
    // Not one that is held by this frame.
    const leak = (): void => {
      moments.now().retain();
    };
    leak();
    put();
    expect(moments.bytes).toBeGreaterThan(5_000);
    // What was looked at through a weak reference lives until the turn ends.
    await new Promise((resolve) => void setImmediate(resolve));
    collectGarbage();
    put();
    expect(moments.bytes).toBe(0);
  });
});
