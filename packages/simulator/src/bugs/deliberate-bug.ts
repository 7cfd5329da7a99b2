import type { NodeComposition } from '@kv/node';

import type { ProfileName } from '../plan/profiles.js';
import type { RunCheckerName } from '../runner/run-violation.js';

/** A mistake that somebody could make in this code, made on purpose: whoever checks must find it. */
export interface DeliberateBug {
  readonly name: string;
  /** What it breaks, as a sentence. */
  readonly breaks: string;
  /** Of docs/PROTOCOL.md. */
  readonly rule: string;
  /** Which checker must object. Another one's objection, or a time-out, is not enough. */
  readonly checker: RunCheckerName;
  /** Of which seeds a search tries first. Only a hint; any of 200 seeds will do. */
  readonly profile?: ProfileName;
  /** Made anew for each node that starts, so that a bug may have a state. */
  readonly composition: () => NodeComposition;
  /** Every disk says that it synced, and did not. */
  readonly disksLie?: boolean;
}
