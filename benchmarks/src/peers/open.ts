import type { Connection, OpenConnection, SystemName } from './system.js';

/** A process loads the client that it measures, and no other: each of its collections would go through all of them. */
const openers: Readonly<Record<SystemName, () => Promise<OpenConnection>>> = {
  kv: async () => (await import('./kv.js')).openKv,
  ioredis: async () => (await import('./ioredis.js')).openIoredis,
  'node-redis': async () => (await import('./node-redis.js')).openNodeRedis,
  etcd: async () => (await import('./etcd.js')).openEtcd,
  'grpc-stream': async () => (await import('./grpc-stream.js')).openGrpcStream,
};

export async function openConnection(system: SystemName, endpoints: readonly string[]): Promise<Connection> {
  const open = await openers[system]();
  return open(endpoints);
}
