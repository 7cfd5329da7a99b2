import {
  cleaningCheckBytes,
  expirySweepMs,
  snapshotLogBytesMin,
  snapshotLogRatio,
  snapshotRetryMs,
} from '../limits.js';
import type { WriteAheadLog } from '../log/write-ahead-log.js';
import type { Cleaner } from '../memory/cleaner.js';
import type { ExpirySweep } from '../memory/expiry-sweep.js';
import type { SegmentedMemory } from '../memory/segmented-memory.js';
import type { Clock, Logger, Timers } from '../ports.js';
import type { Snapshots } from '../snapshot/snapshots.js';

export interface MaintenanceParts {
  readonly memory: SegmentedMemory;
  readonly cleaner: Cleaner;
  /** Only where this is the only copy. */
  readonly sweep: ExpirySweep | undefined;
  readonly log: WriteAheadLog;
  readonly snapshots: Snapshots;
  /** 0 = none by time. */
  readonly snapshotIntervalMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger | undefined;
}

/** What is done beside the traffic, in slices: cleaning, forgetting what has expired, snapshots. */
export class Maintenance {
  readonly #parts: MaintenanceParts;
  /** Bytes appended at which it is looked again whether something is due. */
  #checkAtBytes = cleaningCheckBytes;
  #cleaning = false;
  #stopped = false;
  /** On the monotonic clock. */
  #snapshotNotBeforeMs = -Infinity;
  #cancelSnapshot: (() => void) | undefined;
  #cancelSweep: (() => void) | undefined;

  constructor(parts: MaintenanceParts) {
    this.#parts = parts;
    this.#scheduleSnapshot();
    // What recovery left behind.
    this.#cleanInTurns();
    this.expiryNoted();
  }

  /** Something was appended: cheap, as it is called at every write. */
  appended(): void {
    if (this.#parts.memory.appended * 8 >= this.#checkAtBytes) this.#check();
  }

  /** Something that expires is there. */
  expiryNoted(): void {
    const { sweep, timers, clock } = this.#parts;
    if (sweep === undefined || this.#cancelSweep !== undefined || !sweep.needed) return;
    this.#cancelSweep = timers.after(expirySweepMs, () => {
      const nowMs = clock.nowMs();
      const turn = (): void => {
        if (this.#stopped) return;
        if (sweep.sweep(nowMs)) {
          timers.nextTurn(turn);
          return;
        }
        this.#cancelSweep = undefined;
        this.expiryNoted();
        this.#cleanInTurns();
      };
      turn();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelSnapshot?.();
    this.#cancelSweep?.();
  }

  #check(): void {
    this.#checkAtBytes = this.#parts.memory.appended * 8 + cleaningCheckBytes;
    this.#cleanInTurns();
    if (this.#parts.cleaner.overdue) this.#clean(cleaningCheckBytes * 4);
    this.#snapshotIfLogIsLong();
  }

  #cleanInTurns(): void {
    const { cleaner, timers } = this.#parts;
    if (this.#cleaning || !cleaner.due) return;
    this.#cleaning = true;
    const turn = (): void => {
      if (!this.#stopped && this.#clean()) {
        timers.nextTurn(turn);
        return;
      }
      // If what is left waits for the log, the next writes bring it here again.
      this.#cleaning = false;
    };
    timers.nextTurn(turn);
  }

  /** @returns whether there may be more to do */
  #clean(bytesMax?: number): boolean {
    const { cleaner, log, clock } = this.#parts;
    return cleaner.clean({ durableUpTo: log.written, nowMs: clock.nowMs(), bytesMax }) && cleaner.due;
  }

  #snapshotIfLogIsLong(): void {
    const { snapshots, log, memory, clock } = this.#parts;
    if (snapshots.running || log.state.kind !== 'open') return;
    if (clock.monotonicMs() < this.#snapshotNotBeforeMs) return;
    const { logBytes } = log.stats();
    if (logBytes <= snapshotLogBytesMin || logBytes <= snapshotLogRatio * memory.liveBytes) return;
    this.#snapshotInBackground();
  }

  #scheduleSnapshot(): void {
    const { snapshotIntervalMs, timers, snapshots, log } = this.#parts;
    if (snapshotIntervalMs === 0) return;
    this.#cancelSnapshot = timers.after(snapshotIntervalMs, () => {
      this.#scheduleSnapshot();
      if (!snapshots.covered && log.state.kind === 'open') this.#snapshotInBackground();
    });
  }

  #snapshotInBackground(): void {
    const { snapshots, logger, clock } = this.#parts;
    snapshots.take({ inBackground: true }).catch((error: unknown) => {
      if (this.#stopped) return;
      logger?.error({ err: error }, 'a snapshot failed; the log stays');
      this.#snapshotNotBeforeMs = clock.monotonicMs() + snapshotRetryMs;
    });
  }
}
