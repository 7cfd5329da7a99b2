/**
 * The frames of a link with all their fields, so that every one has the same hidden class in V8, whatever it carries. A
 * literal with a computed name, or with anything behind a spread, gets a new one each time it is run, and all that reads it
 * misses its cache: with one operation at a time that was a twentieth of a node's work.
 */
import type { LinkRequest, LinkResponse } from '@kv/proto/internal';

/** Asks nothing yet. */
export function emptyRequest(): LinkRequest {
  return {
    call: 0,
    write: undefined,
    repair: undefined,
    read: undefined,
    scanPartition: undefined,
    ping: undefined,
    digest: undefined,
    deadlineMs: 0,
  };
}

/** Answers nothing yet. */
export function emptyResponse(call: number): LinkResponse {
  return {
    call,
    write: undefined,
    repair: undefined,
    read: undefined,
    scanPartition: undefined,
    ping: undefined,
    digest: undefined,
    error: undefined,
  };
}
