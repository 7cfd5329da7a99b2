/**
 * How this node stands with its peers: shows them its data directory with every probe, judges theirs, and knows whether
 * it counts (protocol rules 14, 15). The decisions are those of the admission core.
 */
import { versionNode } from '@kv/hlc';
import {
  createAdmissionCore,
  type AdmissionCore,
  type AdmissionEffect,
  type Directory,
  type Incarnation,
} from '@kv/replication';
import type { StorageEngine } from '@kv/storage';

import type { Logger } from '../ports.js';
import type { MemberMemory } from './member-memory.js';

export interface Standing {
  /** Version node of this process. */
  node(): number;
  /** What the next probe shows. */
  directory(): Directory;
  /** Whether this member counts, and may stamp. */
  isAdmitted(): boolean;
  /** Of members that ever lost data, this one included, newest known. */
  incarnations(): readonly Incarnation[];
  /** A peer answered a probe that showed `shown`. */
  judged(by: number, shown: Directory, answer: JudgedAnswer): Promise<void>;
  /** A peer shows its own directory. */
  judge(shown: Directory): Promise<Judgement>;
  /** Before this member serves another's rebuild: it will name this incarnation in every reply. */
  note(incarnation: Incarnation): Promise<void>;
  start(events: StandingEvents): void;
}

export interface StandingEvents {
  /** It counts from now on. */
  onAdmitted(): void;
  /** All partitions were marked suspect. */
  onLoss(): void;
}

export interface Judgement {
  readonly verdict: 'accepted' | 'outdated';
  readonly remembered: readonly Directory[];
  readonly confirmed: boolean;
}

export interface JudgedAnswer extends Omit<Judgement, 'verdict'> {
  /** Undefined: it could not tell. */
  readonly verdict: 'accepted' | 'outdated' | undefined;
}

export interface StandingOptions {
  readonly self: number;
  readonly members: number;
  readonly directoryId: string;
}

export interface StandingPorts {
  readonly engine: StorageEngine;
  readonly memory: MemberMemory;
  readonly logger: Logger;
}

export function createStanding(options: StandingOptions, ports: StandingPorts): Standing {
  return new PeerStanding(options, ports);
}

class PeerStanding implements Standing {
  readonly #options: StandingOptions;
  readonly #ports: StandingPorts;
  readonly #core: AdmissionCore;
  #events: StandingEvents | undefined;
  /** The incarnation that the core goes by. */
  #judged: number;
  #beginning = false;
  /** Undefined = it does not count. */
  #admitted: number | undefined;
  #known: {
    readonly of: readonly Incarnation[];
    readonly own: number;
    readonly list: readonly Incarnation[];
  };

  constructor(options: StandingOptions, ports: StandingPorts) {
    const { engine, memory } = ports;
    this.#options = options;
    this.#ports = ports;
    this.#known = { of: [], own: 1, list: [] };
    this.#judged = engine.incarnation;
    this.#core = createAdmissionCore({
      members: options.members,
      incarnation: engine.incarnation,
      admittedBefore: memory.admitted,
    });
  }

  start(events: StandingEvents): void {
    this.#events = events;
    void this.#execute(this.#core.step({ kind: 'start' }));
  }

  node(): number {
    return versionNode({ member: this.#options.self, incarnation: this.#ports.engine.incarnation });
  }

  directory(): Directory {
    this.#lookAtStorage();
    const { incarnation, logSequence } = this.#ports.engine;
    return { member: this.#options.self, incarnation, id: this.#options.directoryId, logSequence };
  }

  isAdmitted(): boolean {
    return this.#admitted === this.#ports.engine.incarnation;
  }

  incarnations(): readonly Incarnation[] {
    const of = this.#ports.memory.incarnations();
    const own = this.#ports.engine.incarnation;
    if (this.#known.of !== of || this.#known.own !== own) {
      const { self } = this.#options;
      const others = of.filter(({ member }) => member !== self);
      const list = own > 1 ? [...others, { member: self, incarnation: own }] : others;
      this.#known = { of, own, list };
    }
    return this.#known.list;
  }

  async judged(by: number, shown: Directory, answer: JudgedAnswer): Promise<void> {
    const { memory } = this.#ports;
    const { self } = this.#options;
    const { verdict, confirmed } = answer;
    // Before the answer counts: whoever is believed to know the members must know what its witnesses knew.
    await memory.merge(answer.remembered.filter(({ member }) => member !== self));
    this.#lookAtStorage();
    if (verdict === undefined) return;
    const remembered = answer.remembered.find(({ member }) => member === self)?.incarnation ?? 0;
    if (verdict === 'outdated') {
      this.#ports.logger.warn(
        { peer: by, incarnation: shown.incarnation, remembered },
        'a peer remembers a newer data directory of this member: this one was wiped, or is an old copy',
      );
    }
    const { incarnation } = shown;
    await this.#execute(
      this.#core.step({ kind: 'judged', by, shown: incarnation, verdict, remembered, confirmed }),
    );
  }

  async judge(shown: Directory): Promise<Judgement> {
    const { engine, memory } = this.#ports;
    const verdict = await memory.meet(shown);
    // Its memory is complete then, though its own peers may not have answered since it was started.
    return { verdict, remembered: memory.all(), confirmed: memory.admitted === engine.incarnation };
  }

  async note(incarnation: Incarnation): Promise<void> {
    await this.#ports.memory.note(incarnation);
  }

  async #execute(effects: readonly AdmissionEffect[]): Promise<void> {
    const { engine, logger } = this.#ports;
    try {
      for (const effect of effects) {
        if (effect.kind === 'begin-incarnation') await this.#begin(effect.incarnation);
        else await this.#admit(effect.incarnation);
      }
    } catch (error) {
      logger.warn({ err: error }, 'what the peers said could not be made durable; they are asked again');
      this.#judged = engine.incarnation;
      this.#core.step({ kind: 'begun', incarnation: engine.incarnation });
    }
  }

  /** The storage may notice a loss by itself, or note it late because its disk was full at the start. */
  #lookAtStorage(): void {
    const { engine, logger } = this.#ports;
    const { incarnation, suspectPartitions } = engine;
    if (incarnation === this.#judged || this.#beginning) return;
    logger.warn({ incarnation, suspectPartitions: suspectPartitions.size }, 'the storage lost records');
    this.#judged = incarnation;
    this.#admitted = undefined;
    this.#events?.onLoss();
    void this.#execute(this.#core.step({ kind: 'begun', incarnation }));
  }

  async #begin(incarnation: number): Promise<void> {
    const { engine, logger } = this.#ports;
    this.#admitted = undefined;
    this.#beginning = true;
    try {
      await engine.beginIncarnation(incarnation);
    } finally {
      this.#beginning = false;
    }
    this.#judged = incarnation;
    logger.warn({ incarnation }, 'everything here is rebuilt from the other members before it counts');
    this.#events?.onLoss();
    await this.#execute(this.#core.step({ kind: 'begun', incarnation }));
  }

  async #admit(incarnation: number): Promise<void> {
    const { engine, memory, logger } = this.#ports;
    await memory.admit(incarnation);
    if (engine.incarnation !== incarnation) return;
    this.#admitted = incarnation;
    logger.info(
      { incarnation, suspectPartitions: engine.suspectPartitions.size },
      'the peers know this member',
    );
    this.#events?.onAdmitted();
  }
}
