/** What a node does by itself, beside its clients' work: rebuilding what it may have lost, and comparing its copies. */
import type { HybridLogicalClock } from '@kv/hlc';
import {
  type Background,
  createDigestGatherer,
  createPacer,
  createRebuilder,
  type Decisions,
  type Rebuilder,
  type ReplicaObserver,
} from '@kv/replication';
import type { StorageEngine } from '@kv/storage';

import type { FixedPlacement } from './cluster/placement.js';
import { backgroundBytesPerSecondMax, backgroundPagesMax, backgroundTimeoutMs } from './limits.js';
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
  return {
    rebuilder,
    stop: () => rebuilder.stop(),
  };
}
