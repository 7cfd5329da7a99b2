import { describe, expect, it } from '@jest/globals';

import { testCluster } from '../src/index.js';

describe('a test cluster', () => {
  it('goes on without one of its nodes, and takes it back', async () => {
    const cluster = await testCluster({ nodes: 3 });
    const client = cluster.client();
    await client.put('k', 'before');
    cluster.nodes[0]!.kill();
    expect(await client.get('k')).toBe('before');
    await client.put('k', 'meanwhile');
    await cluster.nodes[0]!.start();
    await cluster.nodes[0]!.serving();
    cluster.cutOff('b');
    expect(await client.get('k')).toBe('meanwhile');
    cluster.heal('b');
    await cluster.stop();
  });

  it('fails as a cluster without a quorum does', async () => {
    const cluster = await testCluster({ nodes: 3 });
    const client = cluster.client({ timeoutMs: 500 });
    await cluster.nodes[0]!.stop();
    await cluster.nodes[1]!.stop();
    await expect(client.put('k', 'v')).rejects.toMatchObject({ name: 'KvError' });
    await cluster.stop();
  });

  it('has 1 to 9 nodes', async () => {
    await expect(testCluster({ nodes: 10 })).rejects.toThrow(RangeError);
    const cluster = await testCluster({ nodes: 1 });
    await cluster.client().put('k', 'v');
    await cluster.stop();
  });
});
