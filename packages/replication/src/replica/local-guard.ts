import { type ErrorCode, hasCode } from '@kv/errors';
import { type Timestamp, zeroTimestamp } from '@kv/hlc';
import { type LogPosition, partitionOfHash } from '@kv/storage';

import { type Decisions, type ReplicaPart, soundDecisions } from '../decisions.js';
import type { LocalReplicaPorts } from './local-ports.js';
import { type Refusal, ReplicaUnreachable, type ReplyFacts } from './replica.js';

/** What a local copy asks itself before it takes something in or shows something, and what it says beside its answers. */
export class LocalGuard {
  readonly decisions: Decisions;
  readonly #ports: LocalReplicaPorts;

  constructor(ports: LocalReplicaPorts) {
    this.#ports = ports;
    this.decisions = ports.decisions ?? soundDecisions;
  }

  partitionOf(keyHash: number): number {
    return partitionOfHash(keyHash, this.#ports.engine.partitions);
  }

  outOfRange(partition: number): ErrorCode | undefined {
    const { partitions } = this.#ports.engine;
    const isInRange = Number.isInteger(partition) && partition >= 0 && partition < partitions;
    return isInRange ? undefined : 'invalid-argument';
  }

  refusalOf(partition: number): ErrorCode | undefined {
    return this.#ports.view.owns(partition) ? undefined : 'wrong-epoch';
  }

  /** Takes another process's time into the clock, or says why not (rules 1, 16). */
  merge(time: Timestamp): ErrorCode | undefined {
    try {
      this.#ports.hlc.receive(time);
      return undefined;
    } catch (error) {
      if (hasCode(error, 'clock-drift')) return 'clock-drift';
      throw error;
    }
  }

  mergeReader(at: Timestamp): ErrorCode | undefined {
    return this.decisions.mergesReadTime() ? this.merge(at) : undefined;
  }

  /** Nothing is suspect, and this directory is the newest of its member: there is no partition to ask about. */
  get isCertain(): boolean {
    return this.#ports.engine.suspectPartitions.size === 0 && this.#ports.view.isAdmitted?.() !== false;
  }

  /** Rule 14: this copy may have lost records of the partition, or may be an old one altogether (rule 15). */
  abstains(partition: number, part: ReplicaPart): boolean {
    const { engine, view } = this.#ports;
    const isCertain = !engine.suspectPartitions.has(partition) && view.isAdmitted?.() !== false;
    return this.decisions.abstains(!isCertain, part);
  }

  /** Waits until what stands at this position may be told to others (rule 7). Undefined: it may already. */
  shown(position: LogPosition): Promise<void> | undefined {
    const { engine } = this.#ports;
    return engine.isDurable(position) ? undefined : engine.durable(position);
  }

  refuse(code: ErrorCode): Refusal & ReplyFacts {
    return { kind: 'refused', code, ...this.facts() };
  }

  facts(): ReplyFacts {
    const { view } = this.#ports;
    return {
      hlcTime: this.#time(),
      purgeFloor: zeroTimestamp,
      epoch: view.epoch(),
      incarnations: view.incarnations(),
    };
  }

  /** A clock that is out of its range altogether must not turn a refusal, or a stored write, into an exception. */
  #time(): Timestamp {
    const { hlc } = this.#ports;
    try {
      return hlc.current();
    } catch {
      return hlc.ceiling();
    }
  }
}

/** Work that nobody waits for is not started; nothing was handed over then. */
export function startable({ signal }: { readonly signal?: AbortSignal | undefined }): void {
  if (signal?.aborted === true) {
    throw new ReplicaUnreachable('given up before it began', { sent: false, cause: signal.reason });
  }
}
