/**
 * The requests of the quick operations. Classes, though literals would do: where what a literal made is alive at a
 * collection, as in a burst of operations, V8 puts all that it makes from then on among the old objects, and has to collect
 * those every second (`--trace-pretenuring-statistics` tells of it).
 */
import type { ConsistencyLevel, DeleteRequest, GetRequest, PutRequest, Version } from '@kv/proto';

export class GetMessage implements GetRequest {
  constructor(
    readonly key: Buffer,
    readonly consistency: ConsistencyLevel,
  ) {}
}

export class PutMessage implements PutRequest {
  stampAbove = 0;
  stampNotAfter = 0;
  ticket: Version | undefined = undefined;

  constructor(
    readonly key: Buffer,
    readonly value: Buffer,
    readonly consistency: ConsistencyLevel,
    readonly ttlMs: number,
    readonly omitPrevious: boolean,
    readonly operationId: Buffer,
  ) {}
}

export class DeleteMessage implements DeleteRequest {
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
