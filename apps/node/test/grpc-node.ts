import { createMemoryFileSystem, createRecordingLogger, type RecordingLogger } from '@kv/testing';
import { ClusterDefinition, errorTrailerKey, KVDefinition, kvErrorFromFailure } from '@kv/proto';
import type { KvError } from '@kv/errors';
import { type CallOptions, type Channel, ClientError, createChannel, createClient } from 'nice-grpc';

import { createNode, type Node, type NodeOptions, type PeerConnection, systemPorts } from '../src/index.js';

export interface GrpcNode {
  readonly node: Node;
  readonly logger: RecordingLogger;
}

/** A cluster of one on a free port of 127.0.0.1, with files in memory. */
export async function startGrpcNode(options: Partial<NodeOptions> = {}): Promise<GrpcNode> {
  const logger = createRecordingLogger();
  const ports = { ...systemPorts({ logger }), fileSystem: createMemoryFileSystem() };
  const node = await createNode({ dataDirectory: 'data', partitions: 16, port: 0, ...options }, ports);
  await node.serving();
  return { node, logger };
}

export function clientsOf(channel: Channel) {
  return { kv: createClient(KVDefinition, channel), cluster: createClient(ClusterDefinition, channel) };
}

/** Its own connection, whatever other channels to the address there are. */
export function channelTo({ address }: { readonly address: string }): Channel {
  return createChannel(address, undefined, { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0 });
}

/** As another member reaches it. */
export function peerOf({ address }: { readonly address: string }): PeerConnection {
  return systemPorts({ logger: createRecordingLogger() }).transport.connect(address);
}

export interface Failure {
  readonly status: number;
  readonly error: KvError;
  readonly hasTrailer: boolean;
}

/** How a call fails: its status, and what the trailer says. */
export async function failureOf(call: (options: CallOptions) => Promise<unknown>): Promise<Failure> {
  let trailer: Uint8Array | undefined;
  const options: CallOptions = { onTrailer: (metadata) => void (trailer = metadata.get(errorTrailerKey)) };
  try {
    await call(options);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    const { code: status, details } = error;
    return {
      status,
      error: kvErrorFromFailure({ status, details, trailer }),
      hasTrailer: trailer !== undefined,
    };
  }
  throw new Error('the call succeeded');
}
