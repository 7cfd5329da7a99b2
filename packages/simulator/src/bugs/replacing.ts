import type { NodeComposition } from '@kv/node';
import type { Decisions } from '@kv/replication';

/** A composition that decides some things differently, and all else as it should. */
export function replacing(decisions: Partial<Decisions>): () => NodeComposition {
  const composition = { decisions };
  return () => composition;
}
