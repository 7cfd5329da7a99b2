/** What can go wrong, each with its share among the faults that a plan draws, and how long it lasts at most. */
export const faultKinds = {
  // Network.
  'network-split': { weight: 6, durationMsMax: 6_000 },
  'network-one-way': { weight: 5, durationMsMax: 5_000 },
  'network-isolated-node': { weight: 5, durationMsMax: 6_000 },
  'network-cut-link': { weight: 5, durationMsMax: 6_000 },
  'network-slow-link': { weight: 5, durationMsMax: 5_000 },
  'network-slow-node': { weight: 4, durationMsMax: 4_000 },
  'network-loss': { weight: 5, durationMsMax: 5_000 },
  'network-duplicates': { weight: 5, durationMsMax: 6_000 },
  'network-reordering': { weight: 5, durationMsMax: 6_000 },
  'network-reset': { weight: 4, durationMsMax: 0 },
  'network-client-cut-off': { weight: 3, durationMsMax: 3_000 },
  // Processes.
  'process-kill': { weight: 7, durationMsMax: 3_000 },
  'process-kill-all': { weight: 1, durationMsMax: 1_000 },
  'process-restart': { weight: 3, durationMsMax: 1_500 },
  'process-pause': { weight: 5, durationMsMax: 3_000 },
  'client-pause': { weight: 3, durationMsMax: 2_000 },
  'machine-sleep': { weight: 3, durationMsMax: 3_000 },
  'power-loss': { weight: 6, durationMsMax: 3_000 },
  'power-loss-all': { weight: 2, durationMsMax: 1_500 },
  'power-failing': { weight: 2, durationMsMax: 2_000 },
  // Clocks.
  'clock-jump-forward': { weight: 4, durationMsMax: 6_000 },
  'clock-jump-back': { weight: 4, durationMsMax: 6_000 },
  'clock-step': { weight: 5, durationMsMax: 10_000 },
  'clock-rate': { weight: 3, durationMsMax: 10_000 },
  'clock-freeze': { weight: 3, durationMsMax: 4_000 },
  // Disks.
  'disk-slow': { weight: 4, durationMsMax: 5_000 },
  'disk-stall': { weight: 3, durationMsMax: 2_000 },
  'disk-full': { weight: 3, durationMsMax: 3_000 },
  'disk-sync-error': { weight: 2, durationMsMax: 500 },
  'disk-write-error': { weight: 2, durationMsMax: 500 },
  'disk-rot': { weight: 4, durationMsMax: 1_500 },
  'disk-wiped': { weight: 3, durationMsMax: 1_500 },
  'disk-restored': { weight: 2, durationMsMax: 1_500 },
  // Several of these in a row, where a rule matters.
  'staged-full-majority': { weight: 1, durationMsMax: 800 },
  'staged-missed-writes': { weight: 1, durationMsMax: 500 },
  'staged-unsynced-reads': { weight: 1, durationMsMax: 0 },
  'staged-suspect': { weight: 1, durationMsMax: 1_000 },
  'staged-rebuild': { weight: 1, durationMsMax: 1_000 },
  'staged-late-answer': { weight: 1, durationMsMax: 500 },
  'staged-expiry': { weight: 1, durationMsMax: 0 },
} as const satisfies Record<string, { readonly weight: number; readonly durationMsMax: number }>;

export type FaultKind = keyof typeof faultKinds;

export const allFaultKinds = Object.keys(faultKinds) as readonly FaultKind[];
