import { KvError } from '@kv/errors';

export interface CoordinatorOptions {
  /** Version node of this process: member number and incarnation (rule 17). A function where a loss may raise it. */
  readonly node: number | (() => number);
  /** N, as the cluster was created. */
  readonly replicationFactor: number;
  /** A power of two, as the cluster was created. */
  readonly partitions: number;
  /** The longest that one call, or one page of a scan, may take, in milliseconds. Default 5,000. */
  readonly requestTimeoutMs?: number | undefined;
  /** After this long a replica that has not answered is thought to hang, in milliseconds. Default 50. */
  readonly impatientAfterMs?: number | undefined;
  /** After this long a quorum that waits for a replica asks the others as well, in milliseconds. Default 10. */
  readonly hedgeAfterMs?: number | undefined;
  /** Share of ONE reads after which the other replicas are compared and repaired, 0 to 1. Default 0.1. */
  readonly compareShare?: number | undefined;
  /** Background repairs above this many bytes in flight are dropped. Default 8 MiB. */
  readonly repairBytesMax?: number | undefined;
  /** Answered reads wait for late replies, to repair them, while they hold fewer bytes than this. Default 8 MiB. */
  readonly lateBytesMax?: number | undefined;
  /** Pages of a scan that are fetched ahead, each from another partition. Default 8. */
  readonly scanAheadPages?: number | undefined;
}

export type ReadyOptions = { readonly [Name in Exclude<keyof CoordinatorOptions, 'node'>]-?: number } & {
  readonly node: () => number;
};

const mebibyte = 1024 * 1024;

/** @throws KvError `invalid-argument` */
export function readyOptions(options: CoordinatorOptions): ReadyOptions {
  const { node } = options;
  // No getter for the node: it would make the object a dictionary to V8, and these are read for every operation.
  const ready: ReadyOptions = {
    node: typeof node === 'number' ? () => node : node,
    replicationFactor: options.replicationFactor,
    partitions: options.partitions,
    requestTimeoutMs: options.requestTimeoutMs ?? 5_000,
    impatientAfterMs: options.impatientAfterMs ?? 50,
    hedgeAfterMs: options.hedgeAfterMs ?? 10,
    compareShare: options.compareShare ?? 0.1,
    repairBytesMax: options.repairBytesMax ?? 8 * mebibyte,
    lateBytesMax: options.lateBytesMax ?? 8 * mebibyte,
    scanAheadPages: options.scanAheadPages ?? 8,
  };
  mustBeWhole('node', ready.node(), 0);
  mustBeWhole('replicationFactor', ready.replicationFactor, 1);
  mustBeWhole('partitions', ready.partitions, 1);
  mustBeWhole('scanAheadPages', ready.scanAheadPages, 1);
  mustBe(
    Math.log2(ready.partitions) % 1 === 0,
    `partitions must be a power of two, it is ${ready.partitions}`,
  );
  mustBe(ready.requestTimeoutMs > 0, `requestTimeoutMs must be above 0, it is ${ready.requestTimeoutMs}`);
  mustBe(ready.impatientAfterMs > 0, `impatientAfterMs must be above 0, it is ${ready.impatientAfterMs}`);
  mustBe(ready.hedgeAfterMs > 0, `hedgeAfterMs must be above 0, it is ${ready.hedgeAfterMs}`);
  mustBe(
    ready.compareShare >= 0 && ready.compareShare <= 1,
    `compareShare must be from 0 to 1, it is ${ready.compareShare}`,
  );
  mustBe(ready.repairBytesMax >= 0, `repairBytesMax must not be negative, it is ${ready.repairBytesMax}`);
  mustBe(ready.lateBytesMax >= 0, `lateBytesMax must not be negative, it is ${ready.lateBytesMax}`);
  return ready;
}

function mustBeWhole(name: keyof ReadyOptions, value: number, least: number): void {
  mustBe(
    Number.isSafeInteger(value) && value >= least,
    `${name} must be a whole number from ${least}, it is ${value}`,
  );
}

function mustBe(condition: boolean, message: string): void {
  if (!condition) throw new KvError('invalid-argument', message);
}
