import type { KeyOrder, WorkloadName } from './load.js';
import { createUniform } from './random.js';
import { createZipf } from './zipf.js';

export type OperationKind = 'get' | 'put' | 'insert' | 'read-modify-write';

/** An endless source of operations. Drawing one makes no object: it runs for each operation, on the cores measured. */
export interface Workload {
  /** Draws the next operation; `keyIndex` is then its key. */
  draw(): OperationKind;
  readonly keyIndex: number;
}

interface Mix {
  readonly getShare: number;
  readonly other: Exclude<OperationKind, 'get'>;
}

const mixes: Readonly<Record<WorkloadName, Mix>> = {
  put: { getShare: 0, other: 'put' },
  get: { getShare: 1, other: 'put' },
  mixed: { getShare: 0.8, other: 'put' },
  'read-heavy': { getShare: 0.95, other: 'put' },
  'write-heavy': { getShare: 0.05, other: 'put' },
  'ycsb-a': { getShare: 0.5, other: 'put' },
  'ycsb-b': { getShare: 0.95, other: 'put' },
  'ycsb-c': { getShare: 1, other: 'put' },
  'ycsb-d': { getShare: 0.95, other: 'insert' },
  'ycsb-f': { getShare: 0.5, other: 'read-modify-write' },
};

export interface WorkloadOptions {
  readonly workload: WorkloadName;
  readonly keyOrder: KeyOrder;
  readonly keys: number;
  readonly seed: number;
  /** The newest so many inserted keys may not be there yet, and are not read. */
  readonly inFlight: number;
}

export function createWorkload(options: WorkloadOptions): Workload {
  const { getShare, other } = mixes[options.workload];
  const uniform = createUniform(options.seed);
  let inserted = options.keys;
  const nextKey = createKeyOrder(options, uniform, () => Math.max(options.keys, inserted - options.inFlight));
  let keyIndex = 0;
  return {
    draw() {
      const kind = getShare === 1 || (getShare > 0 && uniform() < getShare) ? 'get' : other;
      keyIndex = kind === 'insert' ? inserted++ : nextKey();
      return kind;
    },
    get keyIndex() {
      return keyIndex;
    },
  };
}

function createKeyOrder(
  { keyOrder, keys }: WorkloadOptions,
  uniform: () => number,
  present: () => number,
): () => number {
  switch (keyOrder) {
    case 'uniform':
      return () => Math.floor(uniform() * keys);
    case 'sequential': {
      let next = 0;
      return () => next++ % keys;
    }
    case 'zipf': {
      const rank = createZipf(uniform, keys);
      return () => scatter(rank(), keys);
    }
    case 'latest': {
      const age = createZipf(uniform, keys);
      return () => present() - 1 - age();
    }
  }
}

/** A prime above any number of keys in use: the hottest keys lie anywhere, and no two ranks share a key. */
const stride = 15_485_863;

function scatter(rank: number, keys: number): number {
  return (rank * stride) % keys;
}
