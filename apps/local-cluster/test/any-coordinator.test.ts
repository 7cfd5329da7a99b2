import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { createLocalNode, findFreePorts } from '../src/index.js';
import { inFlight, range } from './in-flight.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

const stage = createStage();

describe('five nodes, three replicas of each key', () => {
  it('every node coordinates, also for keys that it holds no replica of; --join fetches the member list', async () => {
    const directory = await stage.directory();
    const first = await findFreePorts(5);
    const members = range(5).map((index) => ({ id: `node${index + 1}`, port: first + index }));
    const list = ['--peers', members.map(({ id, port }) => `${id}@127.0.0.1:${port}`).join(',')];
    const nodes = members.map(({ id, port }) => {
      // The last one is told nothing but where to ask.
      const introduction = id === 'node5' ? ['--join', `127.0.0.1:${first}`] : list;
      const dataDirectory = join(directory, id);
      return createLocalNode({ id, port, dataDirectory, arguments: introduction });
    });
    for (const node of nodes) {
      await mkdir(node.dataDirectory);
      stage.atEnd(() => node.kill());
      node.start();
    }
    await Promise.all(nodes.map((node) => node.waitUntilServing()));

    // 40 keys: that one of the five nodes holds a replica of all of them has a chance of 0.6 ^ 40.
    const keys = range(40).map((i) => `key ${i}`);
    const clients = nodes.map(({ address }) => stage.client([address]));
    for (const [writer, client] of clients.entries()) {
      await inFlight(8, keys, (key) => client.put(key, `by ${writer}`));
      for (const reader of clients) {
        const values = await inFlight(8, keys, (key) => reader.get(key));
        expect(values).toEqual(keys.map(() => `by ${writer}`));
        expect(await reader.get(keys[0]!, { consistency: 'one' })).toBe(`by ${writer}`);
      }
    }

    // The joined node kept the list: it starts again by itself, whatever happened to the node that it asked.
    await nodes[0]!.kill();
    await nodes[4]!.kill();
    await startAgain([nodes[4]!], [clients[4]!]);
    expect(await inFlight(8, keys, (key) => clients[4]!.get(key))).toEqual(keys.map(() => 'by 4'));
  });
});
