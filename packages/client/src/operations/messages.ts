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

class WriteMessage {
  stampAbove = 0;
  stampNotAfter = 0;
  ticket: Version | undefined = undefined;

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
