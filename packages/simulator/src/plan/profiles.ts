import type { Durability } from '@kv/storage';

import type { FaultKind } from '../faults/fault-kinds.js';

type StagedKind = Extract<FaultKind, `staged-${string}`>;

/** What a run leans to. Trouble of one sort all the time finds what a mixture of all sorts hides. */
export interface Profile {
  /** Weight of a kind of fault, times what the table of kinds says; 1 where nothing is said. By kind, or by its first word. */
  readonly faults: Readonly<Record<string, number>>;
  /** Of puts. */
  readonly ttlShare?: number;
  readonly deleteShare?: number;
  readonly getShare?: number;
  readonly abandonShare?: number;
  readonly keysMax?: number;
  /** Probability that a key is used at this level alone. */
  readonly linearizableShare?: number;
  /** Times the ordinary time between two operations. */
  readonly thinkFactor?: number;
  /** Clocks that differ by almost what is allowed. */
  readonly hasWideSkews?: boolean;
  /** What is staged every few seconds; fewer other faults are drawn then. */
  readonly staged?: readonly StagedKind[];
  /** Instead of three nodes most of the time. */
  readonly nodes?: readonly number[];
  /** Each client asks one node only, and each node has its clients. */
  readonly isBound?: boolean;
  /** Operations that a client runs side by side, at least. */
  readonly strandsLeast?: number;
  /** Of all operations: to keys that nobody reads. */
  readonly coldShare?: number;
  /** Instead of `always`. */
  readonly durabilities?: readonly Durability[];
  /** Of most times to live; some are longer. */
  readonly ttlMsMax?: number;
  readonly scanShare?: number;
}

export const profiles = {
  mixed: { faults: {} },
  network: { faults: { network: 6 } },
  crashes: { faults: { process: 4, power: 6, 'power-failing': 12, machine: 2 }, getShare: 0.55 },
  clocks: { faults: { clock: 6, machine: 4 }, hasWideSkews: true },
  disks: { faults: { disk: 3, 'disk-rot': 6, 'disk-wiped': 6, 'disk-restored': 6, power: 2 } },
  expiry: {
    // Far jumps would leave nothing to say about when something expires.
    faults: { clock: 0, 'clock-step': 6, 'machine-sleep': 0, network: 2 },
    ttlShare: 0.7,
    ttlMsMax: 250,
    getShare: 0.6,
    keysMax: 6,
    isBound: true,
    hasWideSkews: true,
    staged: ['staged-expiry'],
  },
  deletes: {
    faults: { network: 3, process: 2 },
    deleteShare: 0.4,
    coldShare: 0.15,
    scanShare: 0.02,
    staged: ['staged-missed-writes'],
  },
  /** What was not synced is lost, and what was synced on too few replicas is read. */
  durability: {
    faults: { power: 4, process: 2 },
    getShare: 0.6,
    keysMax: 5,
    isBound: true,
    staged: ['staged-unsynced-reads', 'staged-full-majority'],
  },
  /** Disks are lost while other replicas are behind. */
  'lost-disks': {
    faults: { disk: 2 },
    getShare: 0.5,
    keysMax: 12,
    scanShare: 0.015,
    isBound: true,
    linearizableShare: 0.1,
    staged: ['staged-suspect', 'staged-rebuild', 'staged-rebuild'],
  },
  'late-answers': {
    faults: { disk: 2, network: 2 },
    nodes: [4],
    isBound: true,
    strandsLeast: 3,
    linearizableShare: 0.05,
    staged: ['staged-late-answer'],
  },
  'hot-key': { faults: { network: 3 }, keysMax: 2, thinkFactor: 0.3, hasWideSkews: true },
  tickets: {
    faults: { network: 4, 'network-duplicates': 12 },
    linearizableShare: 0.8,
    keysMax: 3,
    abandonShare: 0.05,
    hasWideSkews: true,
  },
  /** Writes that reach some replicas only, and repairs that take their time. */
  partial: {
    faults: {
      network: 2,
      'network-loss': 12,
      'network-slow-link': 10,
      'network-one-way': 8,
      'network-cut-link': 6,
    },
    getShare: 0.65,
    keysMax: 3,
    thinkFactor: 0.5,
  },
  /** Answers do not wait for the disk: a process that dies loses nothing, a machine that does is suspect. */
  relaxed: {
    faults: { process: 4, 'power-loss': 12, network: 2 },
    durabilities: ['interval', 'os'],
    getShare: 0.55,
    isBound: true,
    staged: ['staged-suspect', 'staged-rebuild'],
  },
  impatient: {
    faults: { network: 3, 'network-duplicates': 15, 'client-pause': 8, 'process-pause': 4 },
    abandonShare: 0.12,
    getShare: 0.4,
    keysMax: 3,
    hasWideSkews: true,
  },
} as const satisfies Record<string, Profile>;

export type ProfileName = keyof typeof profiles;

export const profileNames = Object.keys(profiles) as readonly ProfileName[];

export function faultWeightOf(profile: Profile, kind: FaultKind): number {
  const firstWord = kind.slice(0, kind.indexOf('-'));
  return profile.faults[kind] ?? profile.faults[firstWord] ?? 1;
}
