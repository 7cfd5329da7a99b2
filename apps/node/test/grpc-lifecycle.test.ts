import { describe, expect, it } from '@jest/globals';
import { createMemoryFileSystem, createRecordingLogger } from '@kv/testing';

import { createNode, systemPorts } from '../src/index.js';
import { channelTo, clientsOf, startGrpcNode } from './grpc-node.js';

describe('a node that listens', () => {
  it('refuses a port in use in one sentence that names it, and lets go of its data', async () => {
    const { node } = await startGrpcNode();
    const logger = createRecordingLogger();
    const ports = { ...systemPorts({ logger }), fileSystem: createMemoryFileSystem() };
    const options = { dataDirectory: 'data', partitions: 16 };
    await expect(createNode({ ...options, port: node.port }, ports)).rejects.toMatchObject({
      reason: 'address',
      message: expect.stringMatching(
        new RegExp(`^cannot listen on 127.0.0.1:${node.port}: the port is in use [^\\n]*$`),
      ),
    });
    await expect(createNode({ ...options, port: 0, host: '203.0.113.7' }, ports)).rejects.toMatchObject({
      reason: 'address',
      message: expect.stringContaining('no address of this machine'),
    });
    const free = await createNode({ ...options, port: 0 }, ports);
    await Promise.all([node.stop(), free.stop()]);
  });

  it('listens on IPv6', async () => {
    const { node } = await startGrpcNode({ host: '::1' });
    expect(node.address).toBe(`[::1]:${node.port}`);
    const channel = channelTo(node);
    await clientsOf(channel).kv.put({ key: Buffer.from('k'), value: Buffer.from('v') });
    channel.close();
    await node.stop();
  });

  it('finishes what runs before it stops, and keeps all that it acknowledged', async () => {
    const fileSystem = createMemoryFileSystem();
    const ports = { ...systemPorts({ logger: createRecordingLogger() }), fileSystem };
    const options = { dataDirectory: 'data', partitions: 16, port: 0 };
    const node = await createNode(options, ports);
    const channel = channelTo(node);
    const { kv } = clientsOf(channel);
    const keys = Array.from({ length: 200 }, (_, index) => Buffer.from(`k${index}`));
    const puts = keys.map((key) => kv.put({ key, value: key }).then(() => key));
    await puts[0];
    const stopped = node.stop({ drainMs: 5_000 });
    const acknowledged = (await Promise.allSettled(puts)).flatMap((put) =>
      put.status === 'fulfilled' ? [put.value] : [],
    );
    await stopped;
    channel.close();
    expect(acknowledged).toHaveLength(keys.length);

    const again = await createNode(options, ports);
    await again.serving();
    for (const key of acknowledged) {
      const found = await again.coordinator.get({ key, consistency: 'quorum' });
      expect(found).toMatchObject({ found: true });
    }
    await again.stop();
  });

  it('ends running requests when it must stop at once', async () => {
    const { node } = await startGrpcNode();
    const channel = channelTo(node);
    const { kv } = clientsOf(channel);
    await kv.get({ key: Buffer.from('k') });
    await node.stop({ drainMs: 0 });
    await expect(kv.get({ key: Buffer.from('k') })).rejects.toBeDefined();
    channel.close();
  });
});
