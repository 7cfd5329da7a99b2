import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KvClient } from '@kv/client';

import type { LocalCluster } from '../src/index.js';
import { eventually } from './eventually.js';
import { inFlight, range } from './in-flight.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

/** Enough that no chance comparison of a read at ONE could repair all of them instead. */
const keys = range(30).map((i) => `key ${i}`);

const stage = createStage();
let cluster: LocalCluster;
let through: readonly [KvClient, KvClient, KvClient];

beforeAll(async () => {
  cluster = await stage.cluster();
  through = stage.clientOfEach(cluster) as [KvClient, KvClient, KvClient];
});

describe('read repair', () => {
  it('a replica that was down during a write has the new value after a quorum read', async () => {
    const sleeper = cluster.nodes[2]!;
    const ownCopies = () => inFlight(8, keys, (key) => through[2].get(key, { consistency: 'one' }));
    await inFlight(8, keys, (key) => through[0].put(key, 'old', { consistency: 'all' }));
    await sleeper.kill();
    await inFlight(8, keys, (key) => through[0].put(key, 'new'));
    await startAgain([sleeper], through);

    expect(await ownCopies()).toContain('old');
    await eventually('every copy is repaired', async () => {
      const read = await inFlight(8, keys, (key) => through[0].get(key));
      expect(read).toEqual(keys.map(() => 'new'));
      return (await ownCopies()).every((value) => value === 'new');
    });
  });
});
