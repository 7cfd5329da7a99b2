export { type LocalCluster, startLocalCluster } from './cluster.js';
export { type LocalClusterOptions } from './options.js';

// One process by itself, for clusters of an unusual shape.
export { type NodeExit } from './node-exit.js';
export { createLocalNode, type LocalNode, type LocalNodeOptions } from './node-process.js';
export { findFreePorts } from './ports.js';
