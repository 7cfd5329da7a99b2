/** What a node does by itself, beside its clients' work: rebuilding what it may have lost, and comparing its copies. */
import type { HybridLogicalClock } from '@kv/hlc';
import {
  type AntiEntropy,
  type Background,
  createAntiEntropy,
  createDigestGatherer,
  createPacer,
  createRebuilder,
  type Decisions,
  type Rebuilder,
  type ReplicaObserver,
} from '@kv/replication';
import type { StorageEngine } from '@kv/storage';

import type { FixedPlacement } from './cluster/placement.js';
import {
  backgroundBytesPerSecondMax,
  backgroundPagesMax,
  backgroundTimeoutMs,
  secondLookMsMax,
} from './limits.js';
import type { Timing } from './options.js';
import type { NodePorts } from './ports.js';
import type { Peers } from './remote/peers.js';

export interface BackgroundParts {
  readonly engine: StorageEngine;
  readonly hlc: HybridLogicalClock;
  readonly placement: FixedPlacement;
  readonly replicationFactor: number;
  readonly peers: Peers;
  readonly decisions: Decisions;
  readonly observer: ReplicaObserver | undefined;
}

export interface BackgroundWork {
  readonly rebuilder: Rebuilder;
  readonly antiEntropy: AntiEntropy;
  stop(): void;
}

export function createBackgroundWork(
  timing: Timing,
  parts: BackgroundParts,
  { clock, timers, random, logger }: NodePorts,
): BackgroundWork {
  const pace = { bytesPerSecondMax: backgroundBytesPerSecondMax, atOnceMax: backgroundPagesMax };
  const background: Background = {
    ...parts,
    ...{ clock, timers, random, logger },
    replica: (member) => parts.peers.replica(member),
    pacer: createPacer(pace, { clock, timers }),
    timeoutMs: backgroundTimeoutMs,
  };
  const gatherer = createDigestGatherer(background);
  const rebuilder = createRebuilder({ pauseMs: timing.rebuildPauseMs }, background, gatherer);
  const intervalMs = timing.antiEntropyIntervalMs;
  const secondLookMs = Math.min(secondLookMsMax, intervalMs / 4);
  const antiEntropy = createAntiEntropy({ intervalMs, secondLookMs }, background, gatherer);
  return {
    rebuilder,
    antiEntropy,
    stop: () => {
      antiEntropy.stop();
      rebuilder.stop();
    },
  };
}
