import { beforeAll, describe, expect, it } from '@jest/globals';
import type { KvClient } from '@kv/client';

import type { LocalCluster } from '../src/index.js';
import { eventually } from './eventually.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

const stage = createStage();
let cluster: LocalCluster;
let survivor: KvClient;

beforeAll(async () => {
  cluster = await stage.cluster();
  survivor = stage.client([cluster.endpoints[0]!], { timeoutMs: 8_000 });
  await survivor.put('key', 'before', { consistency: 'all' });
  await Promise.all(cluster.nodes.slice(1).map((node) => node.kill()));
});

/** Either the survivor's own replica holds the record, or the survivor knew beforehand and nothing was written. */
async function expectHonestFailure(write: Promise<unknown>): Promise<'unknown' | 'not-applied'> {
  const failure = await write.then(
    () => {
      throw new Error('a write was acknowledged by one replica of three');
    },
    (error: unknown) => error as { outcome: 'unknown' | 'not-applied' },
  );
  const { outcome } = failure;
  const received = outcome === 'unknown' ? 1 : 0;
  expect(failure).toMatchObject({ code: 'unavailable', required: 2, received });
  return outcome;
}

describe('two of three nodes down', () => {
  it('a put fails within its deadline, and says how many replicas answered and what may have happened', async () => {
    await expectHonestFailure(survivor.put('key', 'during'));
  });

  it('so does a delete', async () => {
    await expectHonestFailure(survivor.delete('another key'));
  });

  it('a get fails with one answer of two', async () => {
    await expect(survivor.get('key')).rejects.toMatchObject({
      code: 'unavailable',
      required: 2,
      received: 1,
    });
  });

  it('level one still reads, and level all tells that it asks for three', async () => {
    await survivor.put('only here', 'written at one', { consistency: 'one' });
    expect(await survivor.get('only here', { consistency: 'one' })).toBe('written at one');
    expect(['before', 'during']).toContain(await survivor.get('key', { consistency: 'one' }));
    const all = survivor.get('key', { consistency: 'all' });
    await expect(all).rejects.toMatchObject({ code: 'unavailable', required: 3, received: 1 });
  });

  it('once one of them is back everything goes on, and what was told holds', async () => {
    const outcome = await expectHonestFailure(survivor.put('told', 'during'));
    await startAgain([cluster.nodes[1]!]);
    // Its peer noticed that it is back; the survivor does so a moment later.
    await eventually('the survivor finds it', () =>
      survivor.get('told').then(
        () => true,
        () => false,
      ),
    );
    const value = await survivor.get('told');
    expect(outcome === 'unknown' ? [undefined, 'during'] : [undefined]).toContain(value);
    expect((await survivor.put('told', 'after')).previous).toBe(value);
    expect(await stage.client([cluster.endpoints[1]!]).get('told')).toBe('after');
  });
});
