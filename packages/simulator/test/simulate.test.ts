import { describe, expect, it } from '@jest/globals';

import { simulate } from '../src/index.js';

describe('a simulation', () => {
  const options = { nodes: 3, seed: 11 } as const;

  it('runs a scenario, again and again the same', async () => {
    const run = () =>
      simulate({
        ...options,
        faults: true,
        scenario: async ({ client, sleep, random }) => {
          const kv = client();
          let stored = 0;
          for (let round = 0; round < 20; round += 1) {
            await kv.put('k', String(round)).then(
              () => (stored += 1),
              () => undefined,
            );
            await sleep(random.below(1_000));
          }
          return stored;
        },
      });
    const first = await run();
    expect(first.result).toBeGreaterThan(0);
    const { traceHash, result } = await run();
    expect({ traceHash, result }).toEqual({ traceHash: first.traceHash, result: first.result });
  }, 60_000);

  it('lets a scenario hurt the cluster', async () => {
    const { result } = await simulate({
      ...options,
      scenario: async ({ client, nodes, partition, sleep }) => {
        const kv = client({ timeoutMs: 2_000 });
        await kv.put('k', 'v');
        const heal = partition(['a'], ['b', 'c']);
        await nodes[1]!.kill();
        const whileDown = await kv.get('k').catch((error: unknown) => (error as { code: string }).code);
        heal();
        nodes[1]!.start();
        await sleep(5_000);
        return [whileDown, await kv.get('k')];
      },
    });
    expect(result).toEqual([expect.stringMatching(/unavailable|timeout/), 'v']);
  }, 60_000);

  it('fails with the scenario, and with whatever touches the real world', async () => {
    await expect(simulate({ ...options, scenario: () => Promise.reject(new Error('mine')) })).rejects.toThrow(
      'mine',
    );
    const touching = simulate({
      ...options,
      scenario: async ({ sleep }) => {
        await sleep(1);
        return Math.random();
      },
    });
    await expect(touching).rejects.toThrow(/Math.random|random is out of bounds/);
  }, 60_000);
});
