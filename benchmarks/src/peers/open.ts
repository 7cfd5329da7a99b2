import { openEtcd } from './etcd.js';
import { openGrpcStream } from './grpc-stream.js';
import { openIoredis } from './ioredis.js';
import { openKv } from './kv.js';
import { openNodeRedis } from './node-redis.js';
import type { OpenConnection, SystemName } from './system.js';

export const openers: Readonly<Record<SystemName, OpenConnection>> = {
  kv: openKv,
  ioredis: openIoredis,
  'node-redis': openNodeRedis,
  etcd: openEtcd,
  'grpc-stream': openGrpcStream,
};
