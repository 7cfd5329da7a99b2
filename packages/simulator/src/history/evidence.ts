import { isKvError } from '@kv/errors';
import { physicalMs, type Version as StoredVersion } from '@kv/hlc';
import type { DeleteRequest, PutRequest, PutResponse, ReplicaWriteRequest } from '@kv/proto';
import { ConsistencyLevel } from '@kv/proto';
import type { StampedEvent } from '@kv/replication';
import { hashKey, partitionOfHash } from '@kv/storage';
import type { HistoryRecorder, RecordedWrite, Version } from '@kv/testing/checkers';

import { hex, latin1, type FoundRecord } from '../disk/record-scan.js';
import type { Machine } from '../machines/machine.js';
import type { Answered } from '../network/serve.js';
import type { EvidenceCheckerName, RunViolation } from '../runner/run-violation.js';
import { epochMs } from '../world/simulated-clock.js';
import type { World } from '../world/world.js';

export interface EvidenceOptions {
  readonly replicationFactor: number;
  readonly partitions: number;
  /** False where an acknowledgement does not promise stable storage. */
  readonly judgesDurability: boolean;
}

/** A write, and the stamps that coordinators made for it. */
interface TracedWrite {
  readonly write: RecordedWrite;
  readonly stamps: Version[];
}

/** A stamp of an attempt of which its caller was told that it was not applied. */
interface DeniedStamp {
  readonly write: RecordedWrite;
  readonly key: string;
  readonly version: Version;
}

/** The first stamp, and one more. */
const roundsMax = 2;

/**
 * How far ahead of true time a stored version may be: an undetected error of the coordinator's own clock (below half of the
 * drift bound against each of its peers), and the drift bound on top of it, twice over.
 */
const aheadMsMax = 2_000;

/** What replicas admit: how far ahead of a wall clock a stamp may be, and with it the clocks that merged it. */
const stampAheadMsMax = 500;

/** One is enough, and a run must not drown in them. */
const problemsMax = 20;

/**
 * What is known of a run from above. Operations are recognised by the id that travels with them, in requests and in
 * records; stamps by the records that carry them.
 */
export class EvidenceCollector {
  readonly #options: EvidenceOptions;
  readonly #recorder: HistoryRecorder;
  readonly #world: World;
  readonly #problems: RunViolation[] = [];
  readonly #writes = new Map<string, TracedWrite>();
  readonly #appended = new Set<string>();
  readonly #denied: DeniedStamp[] = [];
  /** All of them. */
  machines: readonly Machine[] = [];

  constructor(
    options: EvidenceOptions,
    { recorder, world }: { readonly recorder: HistoryRecorder; readonly world: World },
  ) {
    this.#options = options;
    this.#recorder = recorder;
    this.#world = world;
  }

  /** What was seen that no history shows. */
  get problems(): readonly RunViolation[] {
    return this.#problems;
  }

  /** A client sent a request of this operation. */
  requested(operationId: Uint8Array, write: RecordedWrite): void {
    const known = this.#writes.get(hex(operationId));
    if (known === undefined) this.#writes.set(hex(operationId), { write, stamps: [] });
  }

  /** A coordinator made a stamp for an operation. */
  stamped({ key, operationId, version, round }: StampedEvent): void {
    const traced = operationId === undefined ? undefined : this.#writes.get(hex(operationId));
    traced?.write.stamped(version);
    traced?.stamps.push(version);
    if (typeof round === 'string' || round <= roundsMax) return;
    this.#object('rounds', latin1(key), `a write is stamped for round ${round}`);
  }

  /** Some replica wrote a record to its disk. */
  readonly appended = ({ key, version, operationId }: FoundRecord): void => {
    const name = nameOf(key, version);
    if (this.#appended.has(name)) return;
    this.#appended.add(name);
    this.#recorder.appended({ key, version });
    const aheadMs = physicalMs(version.timestamp) - (epochMs + this.#world.nowMs);
    if (aheadMs > aheadMsMax) {
      this.#object('drift', key, `a replica stores a version ${Math.round(aheadMs)} ms ahead of true time`);
    }
    if (operationId !== undefined) this.#writes.get(operationId)?.write.stamped(version);
  };

  /** A coordinator answered a request. */
  readonly answered = ({ method, request, response, error }: Answered): void => {
    if (method !== 'kv.Put' && method !== 'kv.Delete') return;
    if (response === undefined) this.#failed(request as PutRequest | DeleteRequest | undefined, error);
    else this.#acknowledged(request as PutRequest | DeleteRequest, response as PutResponse);
  };

  /** A client was told by two owners that they stored the write as this version. */
  acknowledgedByTwo({ key, operationId, version }: ReplicaWriteRequest): void {
    this.#acknowledged({ key, operationId, consistency: ConsistencyLevel.QUORUM }, { version });
  }

  /**
   * Of attempts that were answered `not-applied`, the stamps that no replica ever wrote are nobody's. One that was written
   * counts: a request whose answer was lost may come again, and be refused then.
   */
  settle(): void {
    for (const { write, key, version } of this.#denied) {
      if (!this.#appended.has(nameOf(key, version))) write.disown([version]);
    }
  }

  #failed(request: PutRequest | DeleteRequest | undefined, error: unknown): void {
    // A ticket is the stamp of other attempts, too.
    if (request === undefined || request.ticket !== undefined) return;
    if (!isKvError(error) || error.outcome !== 'not-applied') return;
    const { key, operationId, stampAbove, stampNotAfter } = request;
    const traced = this.#writes.get(hex(operationId));
    for (const version of traced?.stamps ?? []) {
      const isOfAttempt =
        version.timestamp > stampAbove && (stampNotAfter === 0 || version.timestamp <= stampNotAfter);
      if (isOfAttempt) this.#denied.push({ write: traced!.write, key: latin1(key), version });
    }
  }

  #acknowledged(
    { key, operationId, consistency }: Pick<PutRequest, 'key' | 'operationId' | 'consistency'>,
    { version }: Pick<PutResponse, 'version'>,
  ): void {
    const write = this.#writes.get(hex(operationId))?.write;
    if (write === undefined || version === undefined) return;
    write.stamped(version);
    if (!this.#options.judgesDurability) return;
    const name = latin1(key);
    const partition = partitionOfHash(hashKey(key), this.#options.partitions);
    const holders = this.machines.filter((machine) => {
      const isDoubtful = machine.isDoubtfulIn(partition);
      return machine.disk.durable.holds(name, version as StoredVersion, { isDoubtful });
    }).length;
    this.#recorder.acknowledged({ operation: write.id, holders, required: this.#required(consistency) });
  }

  /** How much too early or too late a record may expire, as wrong as clocks were: docs/GUARANTEES.md. */
  get expiryToleranceMs(): number {
    const errors = this.machines.map(({ clock }) => clock.errorsMs);
    const aheadMs = Math.max(...errors.map((error) => error.aheadMs));
    const behindMs = Math.max(...errors.map((error) => error.behindMs));
    return aheadMs + behindMs + stampAheadMsMax;
  }

  #object(checker: EvidenceCheckerName, key: string, message: string): void {
    const { nowMs } = this.#world;
    if (this.#problems.length >= problemsMax) return;
    this.#problems.push({ checker, key, message: `${message} (at ${nowMs.toFixed(1)} ms)`, operations: [] });
  }

  #required(level: ConsistencyLevel): number {
    const { replicationFactor } = this.#options;
    if (level === ConsistencyLevel.ONE) return 1;
    return level === ConsistencyLevel.ALL ? replicationFactor : Math.floor(replicationFactor / 2) + 1;
  }
}

function nameOf(key: string, { timestamp, node }: Version): string {
  return `${timestamp}@${node}/${key}`;
}
