import { KvError } from '@kv/errors';
import type { ClockFence, HybridLogicalClock } from '@kv/hlc';

import type { MemberLiveness } from './cluster/members.js';
import type { FixedPlacement } from './cluster/placement.js';
import { createProbe, type ProbedPeer, type ProbeTiming } from './cluster/probe.js';
import { createQuorumWatch } from './cluster/quorum-watch.js';
import { lookAgainMsMax } from './limits.js';
import type { Logger, Timers } from './ports.js';

/**
 * Whether this node should be sent requests: from the moment on at which a quorum of owners of every partition has
 * answered it, its peers know its data directory, and its clock may stamp, until it stops. A quorum lost later does not take it back, because the other
 * nodes would be no better off; requests then fail by themselves, and say why.
 */
export interface Serving {
  stateOf(member: number): MemberLiveness;
  isServing(): boolean;
  /** Rejects with KvError `closed` if it is stopped first. */
  reached(): Promise<void>;
  /** Begins to ask peers. Tells what the health service should say, whenever that changes. */
  start(tell: (serving: boolean) => void): void;
  /** This member counts from now on. */
  admitted(): void;
  /** Serves no more, and asks no more peers. */
  stop(): void;
}

export interface ServingPorts {
  readonly peers: readonly ProbedPeer[];
  readonly hlc: HybridLogicalClock;
  readonly fence: ClockFence;
  /** Whether this member counts at all. */
  readonly standing: { isAdmitted(): boolean };
  readonly timers: Timers;
  readonly logger: Logger;
}

export interface ServingOptions extends ProbeTiming {
  readonly placement: FixedPlacement;
  readonly replicationFactor: number;
  readonly clockSampleIntervalMs: number;
}

export function createServing(options: ServingOptions, ports: ServingPorts): Serving {
  return new QuorumServing(options, ports);
}

class QuorumServing implements Serving {
  #state: 'starting' | 'serving' | 'stopped' = 'starting';
  readonly #ports: ServingPorts;
  readonly #self: number;
  readonly #clockSampleIntervalMs: number;
  readonly #watch;
  readonly #probe;
  #tell: (serving: boolean) => void = () => undefined;
  #cancelTimer: () => void = () => undefined;
  #cancelLook: () => void = () => undefined;
  #settle: { resolve(): void; reject(error: unknown): void } | undefined;
  readonly #reached: Promise<void>;

  constructor(options: ServingOptions, ports: ServingPorts) {
    this.#ports = ports;
    this.#self = options.placement.self;
    this.#clockSampleIntervalMs = options.clockSampleIntervalMs;
    this.#watch = createQuorumWatch(options.placement.lists, options);
    this.#probe = createProbe(ports.peers, options, {
      ...ports,
      onAnswer: ({ number }) => this.#answered(number),
      isSettled: () => this.#state === 'serving',
    });
    this.#reached = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    this.#reached.catch(() => undefined); // Nobody has to wait for it.
  }

  stateOf(member: number): MemberLiveness {
    return this.#probe.stateOf(member);
  }

  isServing(): boolean {
    return this.#state === 'serving';
  }

  reached(): Promise<void> {
    return this.#reached;
  }

  start(tell: (serving: boolean) => void): void {
    this.#tell = tell;
    this.#sampleClock();
    this.#probe.start();
    this.#answered(this.#self);
  }

  admitted(): void {
    this.#answered(this.#self);
  }

  stop(): void {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#tell(false);
    this.#cancelTimer();
    this.#cancelLook();
    this.#probe.stop();
    this.#settle?.reject(new KvError('closed', 'the node was stopped'));
  }

  #answered(member: number): void {
    if (!this.#watch.answered(member) || this.#state !== 'starting') return;
    if (!this.#ports.standing.isAdmitted()) return;
    const readyInMs = this.#ports.hlc.readyInMs();
    if (readyInMs > 0) {
      // The clock has not passed what may have been stamped before the restart: writes would be refused.
      this.#lookAgainIn(readyInMs);
      return;
    }
    this.#state = 'serving';
    this.#tell(true);
    this.#ports.logger.info({}, 'serving');
    this.#settle?.resolve();
  }

  /** One timer, however many answers come meanwhile; a wait of days is looked at in between. */
  #lookAgainIn(waitMs: number): void {
    this.#cancelLook();
    const delayMs = Math.min(waitMs, lookAgainMsMax);
    this.#cancelLook = this.#ports.timers.after(delayMs, () => this.#answered(this.#self));
  }

  #sampleClock(): void {
    this.#ports.fence.sample();
    this.#cancelTimer = this.#ports.timers.after(this.#clockSampleIntervalMs, () => this.#sampleClock());
  }
}
