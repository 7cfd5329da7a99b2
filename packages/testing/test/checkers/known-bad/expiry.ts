import type { History, Operation } from '../../../src/checkers/index.js';
import { history, read, type Told, write } from '../story.js';
import type { KnownBad } from './known-bad.js';

const toleranceMs = 100;

/** Every put of it lives for a second. */
function expiring(operations: readonly Told[]): History {
  const told = history(operations);
  const living = (operation: Operation): Operation =>
    operation.kind === 'put' ? { ...operation, ttlMs: 1_000 } : operation;
  return { ...told, operations: told.operations.map(living), expiryToleranceMs: toleranceMs };
}

const put = write(0, 10, { value: 'a', stamps: [5], expires: true });

export const expiry: readonly KnownBad[] = [
  {
    name: 'not found long before its time',
    rejectedBy: ['expiry'],
    tell: (isBad) => expiring([put, read(800, isBad ? 890 : 910, 5)]),
  },
  {
    name: 'alive long after its time',
    rejectedBy: ['expiry'],
    tell: (isBad) => expiring([put, read(isBad ? 1_120 : 1_100, 1_200, ['a', 5])]),
  },
  {
    name: 'at ONE as well',
    rejectedBy: ['expiry'],
    tell: (isBad) => expiring([put, read(isBad ? 2_000 : 900, 2_100, ['a', 5], { level: 'one' })]),
  },
];
