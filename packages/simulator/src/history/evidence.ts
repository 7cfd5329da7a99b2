import type { DeleteRequest, PutRequest, PutResponse } from '@kv/proto';
import { ConsistencyLevel } from '@kv/proto';
import type { HistoryRecorder, Level, RecordedWrite, Version } from '@kv/testing/checkers';

import { hex, latin1, type FoundRecord } from '../disk/record-scan.js';
import type { DurableRecords } from '../disk/durable-records.js';
import type { Answered } from '../network/serve.js';

export interface EvidenceOptions {
  readonly replicationFactor: number;
  /** False where an acknowledgement does not promise stable storage. */
  readonly judgesDurability: boolean;
}

/**
 * What is known of a run from above. Operations are recognised by the id that travels with them, in requests and in
 * records; stamps by the records that carry them.
 */
export class EvidenceCollector {
  readonly #options: EvidenceOptions;
  readonly #recorder: HistoryRecorder;
  readonly #writes = new Map<string, RecordedWrite>();
  readonly #appended = new Set<string>();
  /** Of all machines. */
  disks: readonly DurableRecords[] = [];

  constructor(options: EvidenceOptions, recorder: HistoryRecorder) {
    this.#options = options;
    this.#recorder = recorder;
  }

  /** A client sent a request of this operation. */
  requested(operationId: Uint8Array, write: RecordedWrite): void {
    this.#writes.set(hex(operationId), write);
  }

  /** A coordinator made a stamp for an operation. */
  stamped(operationId: Uint8Array | undefined, version: Version): void {
    if (operationId !== undefined) this.#writes.get(hex(operationId))?.stamped(version);
  }

  /** Some replica wrote a record to its disk. */
  readonly appended = ({ key, version, operationId }: FoundRecord): void => {
    const name = `${version.timestamp}@${version.node}/${key}`;
    if (this.#appended.has(name)) return;
    this.#appended.add(name);
    this.#recorder.appended({ key, version });
    if (operationId !== undefined) this.#writes.get(operationId)?.stamped(version);
  };

  /** A coordinator answered a request well. */
  readonly answered = ({ method, request, response }: Answered): void => {
    if (method !== 'kv.Put' && method !== 'kv.Delete') return;
    const { key, operationId, consistency } = request as PutRequest | DeleteRequest;
    const { version } = response as PutResponse;
    const write = this.#writes.get(hex(operationId));
    if (write === undefined || version === undefined) return;
    write.stamped(version);
    if (!this.#options.judgesDurability) return;
    const name = latin1(key);
    const holders = this.disks.filter((disk) => disk.holds(name, version as never)).length;
    this.#recorder.acknowledged({ operation: write.id, holders, required: this.#required(consistency) });
  };

  #required(level: ConsistencyLevel): number {
    const { replicationFactor } = this.#options;
    if (level === ConsistencyLevel.ONE) return 1;
    return level === ConsistencyLevel.ALL ? replicationFactor : Math.floor(replicationFactor / 2) + 1;
  }
}

export type { Level };
