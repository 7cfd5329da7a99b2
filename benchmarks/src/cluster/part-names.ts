/** In the order in which they are measured; those that share servers stand together. */
export const partNames = [
  'throughput',
  'mixes',
  'values',
  'clients',
  'ycsb',
  'replication',
  'levels',
  'one-in-flight',
  'sustained',
  'half-of-peak',
  'overload',
  'memory',
  'redis',
  'scale',
  'redis-always',
  'always',
  'etcd',
] as const;
export type PartName = (typeof partNames)[number];

/** What a part needs another program for. */
export const peerParts: readonly PartName[] = ['redis', 'redis-always', 'etcd'];
