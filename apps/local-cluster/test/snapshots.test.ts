import { describe, expect, it } from '@jest/globals';

import { dataFiles } from './data-files.js';
import { eventually } from './eventually.js';
import { inFlight, range } from './in-flight.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

const stage = createStage();

describe('snapshots', () => {
  it('snapshot and later log together give everything back after SIGKILL of all nodes', async () => {
    const cluster = await stage.cluster({ extraArguments: ['--snapshot-interval', '1'] });
    const clients = stage.clientOfEach(cluster);
    const values = new Map<string, string | undefined>();
    const put = async (key: string, value: string): Promise<void> => {
      await clients[0]!.put(key, value);
      values.set(key, value);
    };
    const remove = async (key: string): Promise<void> => {
      await clients[1]!.delete(key);
      values.set(key, undefined);
    };

    await inFlight(16, range(400), (i) => put(`key ${i}`, `first ${i}`));
    await inFlight(16, range(40), (i) => remove(`key ${i}`));
    await eventually('every node wrote a snapshot', async () => {
      const snapshots = await Promise.all(cluster.nodes.map((node) => dataFiles(node, 'snapshot')));
      return snapshots.every(({ length }) => length > 0);
    });
    // Overwritten, deleted, written again: what the later log has to put on top.
    await inFlight(16, range(40), (i) => put(`key ${200 + i}`, `second ${i}`));
    await inFlight(16, range(40), (i) => remove(`key ${300 + i}`));
    await inFlight(16, range(20), (i) => put(`key ${i}`, `third ${i}`));

    await Promise.all(cluster.nodes.map((node) => node.kill()));
    await startAgain(cluster.nodes, clients);
    for (const client of clients) {
      const read = await inFlight(
        16,
        [...values.keys()],
        async (key) => [key, await client.get(key)] as const,
      );
      expect(new Map(read)).toEqual(values);
    }
    // Each by itself too: at level one a node answers from its own files.
    for (const client of clients) {
      expect(await client.get('key 399', { consistency: 'one' })).toBe('first 399');
    }
  });
});
