export { KvLevel } from './kv-level.js';
export type { KvLevelOptions } from './options.js';
