/**
 * The closed set of failure codes. Codes are API, messages are not: branch on `error.code`.
 *
 * Each entry says when it occurs and whether trying again can help. Whether a failed write may have happened
 * is told by the error's `outcome`, never by its code.
 */
export const errorCodes = [
  /** A value outside its documented range; fix the call, a retry fails alike. */
  'invalid-argument',
  /** Too few replicas (or no node at all) could be reached; retry later. */
  'unavailable',
  /** The deadline passed first; retry with a longer one or later. */
  'timeout',
  /** A bounded queue is full; retry after `retryAfterMs`. */
  'overloaded',
  /** The store holds as many bytes as it may; raise the limit, or delete from an embedded store. Reads go on. */
  'memory-full',
  /** The disk refused a write for lack of space; free some. Reads go on. */
  'disk-full',
  /** Clocks are further apart than the bound; repair the node's clock. */
  'clock-drift',
  /** The caller's view of the cluster is out of date; refresh it and retry. */
  'wrong-epoch',
  /** Stored bytes failed their checksum, or the files are not what they should be; restore or rebuild. */
  'corrupt',
  /** Known, but not offered by this version. */
  'unimplemented',
  /** The object, or the node, was closed; open it again or ask another node. */
  'closed',
  /** A defect or an unforeseen failure of the system below; see `cause`. */
  'internal',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

const known: ReadonlySet<unknown> = new Set(errorCodes);

export function isErrorCode(value: unknown): value is ErrorCode {
  return known.has(value);
}
