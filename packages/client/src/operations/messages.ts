/**
 * The requests of the quick operations. Classes, though literals would do: where what a literal made is alive at a
 * collection, as in a burst of operations, V8 puts all that it makes from then on among the old objects, and has to collect
 * those every second (`--trace-pretenuring-statistics` tells of it).
 */
import type {
  ConsistencyLevel,
  DeleteRequest,
  GetRequest,
  PutRequest,
  ReplicaReadRequest,
  ReplicaWriteRequest,
  Version,
} from '@kv/proto';

export class GetMessage implements GetRequest {
  constructor(
    readonly key: Buffer,
    readonly consistency: ConsistencyLevel,
  ) {}
}

export class ReplicaReadMessage implements ReplicaReadRequest {
  constructor(
    readonly key: Buffer,
    readonly omitValue: boolean,
  ) {}
}

/** A delete, where the value is undefined. */
export class ReplicaWriteMessage implements ReplicaWriteRequest {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly tombstone: boolean;
  readonly omitPrevious: boolean;
  readonly operationId: Buffer;

  constructor(
    { key, omitPrevious, operationId }: DeleteRequest,
    value: Buffer | undefined,
    readonly version: Version,
    readonly leads: boolean,
    readonly twin: number,
  ) {
    this.key = key;
    this.value = value ?? noBytes;
    this.tombstone = value === undefined;
    this.omitPrevious = omitPrevious;
    this.operationId = operationId;
  }
}

const noBytes = Buffer.alloc(0);

class WriteMessage {
  stampAbove = 0;
  stampNotAfter = 0;
  ticket: Version | undefined = undefined;
  reserve = false;

  constructor(
    readonly key: Buffer,
    readonly consistency: ConsistencyLevel,
    readonly omitPrevious: boolean,
    readonly operationId: Buffer,
  ) {}
}

export class PutMessage extends WriteMessage implements PutRequest {
  constructor(
    key: Buffer,
    readonly value: Buffer,
    consistency: ConsistencyLevel,
    readonly ttlMs: number,
    omitPrevious: boolean,
    operationId: Buffer,
  ) {
    super(key, consistency, omitPrevious, operationId);
  }
}

export class DeleteMessage extends WriteMessage implements DeleteRequest {}
