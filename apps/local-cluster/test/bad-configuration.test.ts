import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { findFreePorts } from '../src/index.js';
import { type Outcome, runNode } from './run-command.js';
import { createStage } from './stage.js';
import { startAgain } from './start-again.js';

const stage = createStage();
const { Promise } = globalThis;

/** Refused in words, not with a stack trace, and at once. */
function expectRefusal({ exitCode, stdout, stderr }: Outcome, ...words: readonly string[]): void {
  expect(exitCode).toBeGreaterThan(0);
  for (const word of words) expect(stdout + stderr).toContain(word);
  expect(stdout + stderr).not.toMatch(/^ +at .*:\d+:\d+\)?$/m);
}

async function flags(overrides: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const all = {
    id: 'node1',
    port: String(await findFreePorts(1)),
    'data-dir': await stage.directory(),
    ...overrides,
  };
  return Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
}

describe('bad input at the start of a node', () => {
  it('an unknown flag', async () => {
    expectRefusal(await runNode([...(await flags()), '--durabilty', 'os']), '--durabilty');
  });

  it.each([
    ['no @', 'node1:127.0.0.1:50051'],
    ['no port', 'node1@127.0.0.1'],
    ['an empty item', 'node1@127.0.0.1:50051,,'],
    ['an id twice', 'node1@127.0.0.1:50051,node1@127.0.0.1:50052'],
  ])('unparsable peers: %s', async (_, peers) => {
    expectRefusal(await runNode(await flags({ peers })), '--peers');
  });

  it('peers without the node itself', async () => {
    const outcome = await runNode(await flags({ peers: 'node2@127.0.0.1:50052,node3@127.0.0.1:50053' }));
    expectRefusal(outcome, '--peers', 'node1');
  });

  it.each([
    ['port', '65536'],
    ['replication-factor', '0'],
    ['partitions', '1000'],
    ['durability', 'sometimes'],
    ['snapshot-interval', '-1'],
    ['memory-limit', 'much'],
    ['request-timeout-ms', '0'],
    ['log-level', 'loud'],
    ['join', 'nowhere'],
    ['id', 'a/b'],
  ])('--%s %s', async (name, value) => {
    expectRefusal(await runNode(await flags({ [name]: value })), `--${name}`, value);
  });

  it('a bad value from the environment is named by its variable', async () => {
    const outcome = await runNode(await flags(), { env: { KV_PARTITIONS: '1000' } });
    expectRefusal(outcome, 'KV_PARTITIONS', '1000');
  });

  it('a port in use', async () => {
    const port = await findFreePorts(1);
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(port, '127.0.0.1', resolve));
    stage.atEnd(() => holder.close());
    expectRefusal(await runNode(await flags({ port: String(port) })), String(port));
  });

  it('a data directory that cannot be made', async () => {
    const file = join(await stage.directory(), 'a file');
    await writeFile(file, '');
    expectRefusal(await runNode(await flags({ 'data-dir': join(file, 'below') })), file);
  });
});

describe('bad input: data made for something else', () => {
  it('the data directory of another node, another list or another factor is refused, both shown, nothing lost', async () => {
    const cluster = await stage.cluster();
    await stage.client(cluster.endpoints).put('kept', 'value');
    await cluster.stop();
    const node = cluster.nodes[0]!;
    const peers = cluster.nodes.map(({ id, address }) => `${id}@${address}`).join(',');
    const same = { port: String(node.port), 'data-dir': node.dataDirectory, peers };

    const asNode2 = { ...same, id: 'node2', port: String(cluster.nodes[1]!.port) };
    expectRefusal(await runNode(await flags(asNode2)), 'node1', 'node2');
    const otherPeers = peers.replace('node3@', 'node4@');
    expectRefusal(await runNode(await flags({ ...same, peers: otherPeers })), 'node3@', 'node4@');
    const otherFactor = await runNode(await flags({ ...same, 'replication-factor': '2' }));
    expectRefusal(otherFactor, 'factor', '3', '2');

    await startAgain(cluster.nodes);
    expect(await stage.client(cluster.endpoints).get('kept')).toBe('value');
  });

  it('a data directory in use by a running node is refused, and that node goes on', async () => {
    const cluster = await stage.cluster({ nodes: 1 });
    const node = cluster.nodes[0]!;
    const outcome = await runNode(
      await flags({ 'data-dir': node.dataDirectory, peers: `node1@${node.address}` }),
    );
    expectRefusal(outcome, node.dataDirectory);
    const client = stage.client(cluster.endpoints);
    await client.put('still', 'serving');
    expect(await client.get('still')).toBe('serving');
    expect(await readFile(node.logPath, 'utf8')).not.toBe('');
  });
});
