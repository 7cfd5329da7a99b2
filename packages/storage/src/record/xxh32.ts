/** The one hash of the project: of keys, and over records and frames. */
export { xxh32 } from '@kv/ring/xxh32';
