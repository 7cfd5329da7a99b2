import type { Version } from '@kv/hlc';

/** What a client saw of one operation, and when. Operations of one client follow each other. */
export type Operation = WriteOperation | ReadOperation;

interface Common {
  readonly client: number;
  readonly key: string;
  readonly beganMs: number;
  /** When the client got its answer or gave up. */
  endedMs: number;
}

export interface WriteOperation extends Common {
  readonly kind: 'write';
  /** Unique to this operation; undefined = a delete. */
  readonly value: string | undefined;
  readonly ttlMs: number;
  /** Of all attempts but those answered `not applied`, whether or not the client learnt of them. */
  stamps: Version[];
  /** Of attempts answered `not applied`: no replica may ever hold one. */
  readonly disowned: Version[];
  outcome: 'ok' | 'not-applied' | 'unknown';
  /** The acknowledged one. */
  version: Version | undefined;
  previous: PreviousReport;
}

export type PreviousReport =
  | { readonly kind: 'not-asked' | 'unknown' | 'none' }
  | { readonly kind: 'value'; readonly value: string; readonly version: Version };

export interface ReadOperation extends Common {
  readonly kind: 'read';
  ok: boolean;
  version: Version | undefined;
  /** Undefined = not found. */
  value: string | undefined;
}

/** Seen from above, not by a client. */
export interface Evidence {
  /** Of each acknowledged write, how many replicas durably held it or a newer version at that moment. */
  readonly holdersAtAck: { readonly holders: number; readonly required: number }[];
  /** Versions that any replica ever appended, as text. */
  readonly appended: ReadonlySet<string>;
}

export interface History {
  readonly operations: readonly Operation[];
  readonly evidence: Evidence;
}

export function textOf({ timestamp, node }: Version): string {
  return `${timestamp}@${node}`;
}
