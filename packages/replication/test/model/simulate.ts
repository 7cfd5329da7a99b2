import type { Version } from '@kv/hlc';
import { createSeededRandom, type SeededRandom } from '@kv/testing';
import { createHistoryRecorder, type History } from '@kv/testing/checkers';

import { Client } from './client.js';
import { EventQueue } from './event-queue.js';
import { FakeNode, type ReplicaFaults } from './fake-node.js';

/**
 * One random history: clients with their own habits, coordinators with skewed clocks that run the real cores, replicas
 * that crash and lose what they had not synced, and a network that delays, reorders, loses and duplicates. One seed
 * replays it exactly.
 */
export function simulate(seed: number, faults: Faults = {}): Simulation {
  const world = new World(seed, faults);
  world.run();
  return { history: world.recorder.history(), tally: world.tally };
}

export interface Simulation {
  readonly history: History;
  readonly tally: Tally;
}

/** Rules that are broken on purpose, to see that the checker notices. */
export interface Faults extends ReplicaFaults {
  /** Pretend that a write-back was acknowledged. */
  readonly skipWriteBack?: boolean;
  /** Take `newer` for an acknowledgement of the first stamp. */
  readonly skipRestamp?: boolean;
  /** Let a late clean reply of the first stamp count for the second. */
  readonly countLateReplies?: boolean;
  /** Count a replica's duplicated reply as another replica's. */
  readonly countDuplicates?: boolean;
  /** Stamp the second time without looking at what was reported. */
  readonly restampBlindly?: boolean;
  /** Stamp above the client's ceiling. */
  readonly ignoreCeiling?: boolean;
  /** Read from one replica only. */
  readonly readOne?: boolean;
  /** Take no notice of the replicas' clocks when judging an expiry. */
  readonly ignoreReplicaTime?: boolean;
  /** Say that a request was not sent when it was. */
  readonly denySending?: boolean;
  /** Take `already` for `stored over nothing`. */
  readonly guessPrevious?: boolean;
}

/** What happened, so that a run can prove that it tested something. */
export interface Tally {
  acknowledged: number;
  unknown: number;
  notApplied: number;
  reads: number;
  conflicts: number;
  restamps: number;
  writeBacks: number;
  repairs: number;
  repeatedReads: number;
  crashes: number;
  previousValues: number;
}

export class World {
  readonly queue = new EventQueue();
  readonly random: SeededRandom;
  readonly recorder = createHistoryRecorder({}, { clock: { nowMs: () => this.queue.nowMs } });
  readonly tally: Tally = {
    acknowledged: 0,
    unknown: 0,
    notApplied: 0,
    reads: 0,
    conflicts: 0,
    restamps: 0,
    writeBacks: 0,
    repairs: 0,
    repeatedReads: 0,
    crashes: 0,
    previousValues: 0,
  };
  readonly replicas: readonly FakeNode[];
  /** Replicas, and two nodes that only coordinate, so that nothing they receive moves their clocks. */
  readonly coordinators: readonly FakeNode[];
  readonly keys: readonly string[];
  /** After it nothing fails any more. */
  readonly healAtMs: number;
  readonly #lossShare: number;
  /** Of requests that a replica refuses, or that are never sent: in some histories many. */
  readonly refusedShare: number;
  readonly unsentShare: number;
  /** Of puts that have a time to live. */
  readonly expiringShare: number;

  constructor(
    seed: number,
    readonly faults: Faults,
  ) {
    const random = (this.random = createSeededRandom(seed));
    const replicaCount = random.below(5) === 0 ? 5 : 3;
    const syncMsMax = random.pick([1, 4, 25]);
    const skewMsMax = random.pick([50, 300]);
    const nodes = Array.from({ length: replicaCount + 2 }, (_, index) => {
      const options = {
        number: index + 1,
        skewMs: (random.float() - 0.5) * skewMsMax,
        faults,
        syncMs: () => random.float() * syncMsMax,
        appended: (key: string, version: Version) => this.recorder.appended({ key, version }),
      };
      return new FakeNode(options, this.queue);
    });
    this.coordinators = nodes;
    this.replicas = nodes.slice(0, replicaCount);
    this.keys = random.below(3) === 0 ? ['x', 'y'] : ['x'];
    this.healAtMs = 300;
    this.#lossShare = random.pick([0, 0.05, 0.2]);
    this.expiringShare = random.pick([0, 0.2, 0.8]);
    this.refusedShare = random.pick([0, 0.03, 0.4]);
    this.unsentShare = random.pick([0, 0.03, 0.4]);
  }

  run(): void {
    const clients = Array.from({ length: 4 }, (_, index) => new Client(this, index + 1));
    for (const client of clients) client.work(8);
    for (const replica of this.replicas) this.#plagueWithCrashes(replica);
    if (this.chance(0.3)) this.#cutPower();
    this.queue.run();
    const last = new Client(this, 0);
    for (const key of this.keys) last.readOnce(key);
    this.queue.run();
  }

  get healed(): boolean {
    return this.queue.nowMs >= this.healAtMs;
  }

  chance(share: number): boolean {
    return this.random.float() < share;
  }

  /** One message; it may be lost, late, or come twice. */
  deliver(run: () => void): void {
    if (!this.healed && this.chance(this.#lossShare)) return;
    this.queue.after(this.#delayMs(), run);
    if (!this.healed && this.chance(0.05)) this.queue.after(this.#delayMs(), run);
  }

  /** A request: its connection dies with the replica's process, so no copy reaches the next one. */
  deliverTo(replica: FakeNode, run: () => void): void {
    const { life } = replica;
    this.deliver(() => {
      if (replica.up && replica.life === life) run();
    });
  }

  /** An answer to a client: its connection keeps order and copies, so it is late or lost, never doubled. */
  deliverToClient(run: () => void): void {
    if (!this.healed && this.chance(this.#lossShare / 2)) return;
    this.queue.after(this.#delayMs(), run);
  }

  /** Mostly a few milliseconds; now and then much later, so that messages overtake each other. */
  #delayMs(): number {
    const short = this.random.float() * 4;
    return this.chance(0.1) && !this.healed ? short + this.random.float() * 60 : short;
  }

  #plagueWithCrashes(replica: FakeNode): void {
    if (this.chance(0.5)) return;
    this.queue.after(this.random.float() * this.healAtMs, () => {
      if (this.healed) return;
      if (replica.up) this.#crash(replica, this.random.float() * 60);
      this.#plagueWithCrashes(replica);
    });
  }

  /** Every replica at one moment: what was read or acknowledged before must be on their disks. */
  #cutPower(): void {
    this.queue.after(this.random.float() * this.healAtMs, () => {
      for (const replica of this.replicas) if (replica.up) this.#crash(replica, this.random.float() * 10);
    });
  }

  #crash(replica: FakeNode, downMs: number): void {
    this.tally.crashes += 1;
    replica.crash();
    this.queue.after(downMs, () => replica.restart());
  }
}
