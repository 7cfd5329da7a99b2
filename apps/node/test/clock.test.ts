import { expect, it } from '@jest/globals';
import { createMemoryFileSystem, createRecordingLogger } from '@kv/testing';

import { createNode, systemPorts } from '../src/index.js';
import { channelTo, clientsOf } from './grpc-node.js';

it('does not say that it serves while its clock is wrong', async () => {
  const ports = systemPorts({ logger: createRecordingLogger() });
  let aheadMs = 0;
  const clock = {
    nowMs: () => ports.clock.nowMs() + aheadMs,
    monotonicMs: () => ports.clock.monotonicMs(),
  };
  const node = await createNode(
    { dataDirectory: 'data', partitions: 16, port: 0 },
    { ...ports, clock, fileSystem: createMemoryFileSystem() },
  );
  await node.serving();
  const channel = channelTo(node);
  const { cluster } = clientsOf(channel);
  try {
    expect(await cluster.status({})).toMatchObject({ serving: true });
    aheadMs = 900_000;
    expect(await cluster.status({})).toMatchObject({ serving: false });
    aheadMs = 0;
    expect(await cluster.status({})).toMatchObject({ serving: true });
  } finally {
    channel.close();
    await node.stop({ drainMs: 0 });
  }
});
