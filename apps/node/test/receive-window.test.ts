import { once } from 'node:events';
import { connect } from 'node:http2';

import { afterEach, beforeEach, expect, it } from '@jest/globals';

import { sessionPath } from '../src/grpc/session-streams.js';
import { linkWindowBytes } from '../src/limits.js';
import { type GrpcNode, startGrpcNode } from './grpc-node.js';

let started: GrpcNode;

beforeEach(async () => {
  started = await startGrpcNode();
});

afterEach(() => started.node.stop({ drainMs: 0 }));

it('is wider than that of HTTP/2, for each stream and in all, once there is a session', async () => {
  const session = connect(`http://${started.node.address}`);
  await once(session, 'remoteSettings');
  const stream = session.request({
    ':method': 'POST',
    ':path': sessionPath,
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  try {
    while (session.remoteSettings.initialWindowSize !== linkWindowBytes)
      await once(session, 'remoteSettings');
    await once(stream, 'response');
    await new Promise((resolve, reject) => {
      session.ping((error) => (error === null ? resolve(undefined) : reject(error)));
    });
    expect(session.state.remoteWindowSize).toBe(linkWindowBytes);
  } finally {
    stream.destroy();
    session.close();
  }
});
