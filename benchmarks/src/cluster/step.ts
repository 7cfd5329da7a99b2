import type { Durability, Load } from '../load/load.js';
import type { SystemName } from '../peers/system.js';
import type { PartName } from './part-names.js';
import type { Result } from './result.js';

/** Something that can be loaded. */
export interface TargetOptions {
  readonly system: SystemName;
  readonly durability: Durability;
  /** Of kv; peers have three of their own. */
  readonly nodes: number;
}

/** The same loads for several systems in turn, all of which are up meanwhile. */
export interface Step {
  readonly part: PartName;
  readonly targets: readonly TargetOptions[];
  /** Each begins with another system. */
  readonly rounds: number;
  /** Some depend on what was measured before; none if that is missing. */
  readonly loads: (before: readonly Result[]) => readonly Load[];
  /** Loads that are meant for some systems only. */
  readonly appliesTo?: (load: Load, target: TargetOptions) => boolean;
  readonly watchesTurns?: boolean;
}
