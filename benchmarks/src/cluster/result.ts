import type { Durability, Load, LoadFigures } from '../load/load.js';
import type { Machine } from '../machine.js';
import type { SystemName } from '../peers/system.js';
import type { Turns } from '../peers/servers.js';
import type { PartName } from './part-names.js';

type Settled = Omit<Load, 'warmUpMs' | 'durationMs' | 'seed' | 'sampleEveryMs' | 'countsRefusals'>;

/**
 * The record of one measurement; every benchmark of the cluster writes the same one, so that runs can be compared. See Load
 * for what was asked and LoadFigures for what came out.
 */
export interface Result extends Settled, LoadFigures {
  /** `kv`, or the name of a peer. */
  readonly system: SystemName;
  /** `none` for what stores nothing. */
  readonly durability: Durability | 'none';
  readonly part: PartName;
  /** From 1; the systems alternate, and a ratio is taken within a round. */
  readonly round: number;
  readonly nodes: number;
  /** Of the event loops of our nodes, where it was watched: the longest among them. */
  readonly turns?: Turns;
}

export interface Report {
  readonly machine: Machine;
  /** Version of each peer that took part. */
  readonly peers: Readonly<Record<string, string>>;
  readonly options: object;
  readonly results: readonly Result[];
  /** Parts that broke off, and why. */
  readonly failures: readonly string[];
}
