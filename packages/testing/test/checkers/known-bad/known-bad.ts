import type { CheckerName, History } from '../../../src/checkers/index.js';

export interface KnownBad {
  readonly name: string;
  /** All that must object, the one whose statement it is first. */
  readonly rejectedBy: readonly CheckerName[];
  /** The same history but for one fact: with it it is bad, mended it must be accepted. */
  readonly tell: (isBad: boolean) => History;
}
