import type { StepName } from './plan.js';
import type { TimeKind } from './stopwatch.js';
import type { Durability, KeyKind, SystemName } from './systems/system.js';

/** What is measured in one process of its own. */
export type PartName =
  | 'primitives'
  | 'received'
  | 'writers'
  | 'mixed'
  | 'stress'
  | 'long'
  | 'fill'
  | 'recovery'
  | 'slices'
  | 'amplification';

export interface Task {
  readonly part: PartName;
  readonly system: SystemName;
  readonly keys: KeyKind;
  readonly keyCount: number;
  readonly valueBytes: number;
  readonly durability: Durability;
  /** For parts that run by time; and what a single phase of others may take at most. */
  readonly seconds: number;
  readonly seed: number;
  /** What rates are taken of; `seconds` are of the wall in any case. */
  readonly time: TimeKind;
  /** Of the part `recovery`: from a snapshot, and not from the log. */
  readonly snapshot?: boolean | undefined;
  /** Where the process leaves a profile of its processor time, for Chrome's developer tools. */
  readonly profileDirectory?: string | undefined;
  /** Exists and is empty; the task may leave files in it. */
  readonly directory: string;
}

/** By name, in the unit that the name ends with. */
export type Figures = Readonly<Record<string, number>>;

export interface Measurement extends Omit<Task, 'directory'> {
  /** Of the alternations, from 1. */
  readonly round: number;
  /** As `--only` names it. */
  readonly step: StepName;
  /** Tells apart the measurements of one step. */
  readonly label: string;
  readonly figures: Figures;
}
