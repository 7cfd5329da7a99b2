import type { ErrorCode } from './error-code.js';

/**
 * What may have happened to a write that failed:
 * `not-applied` is a promise over all its attempts, `unknown` may take effect now, later or never.
 */
export type Outcome = 'not-applied' | 'unknown';

export interface KvErrorFacts {
  /** Of a failed write; absent where no write was concerned. */
  readonly outcome?: Outcome | undefined;
  /** Replicas that the level asks for. */
  readonly required?: number | undefined;
  /** Replicas that acknowledged. */
  readonly received?: number | undefined;
  /** Do not try again sooner, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The one error class of the project. Recognise it by `code` (see `isKvError`), not by `instanceof`. */
export class KvError extends Error {
  readonly code: ErrorCode;
  readonly outcome: Outcome | undefined;
  readonly required: number | undefined;
  readonly received: number | undefined;
  readonly retryAfterMs: number | undefined;

  /**
   * @param message a sentence for a person: what is wrong, and what to do about it
   */
  constructor(code: ErrorCode, message: string, facts: KvErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = 'KvError';
    this.code = code;
    this.outcome = facts.outcome;
    this.required = facts.required;
    this.received = facts.received;
    this.retryAfterMs = facts.retryAfterMs;
  }
}
