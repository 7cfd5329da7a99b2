/**
 * Is a short history of one register linearizable? Answered by search, to cross-check the zone algorithm: it shares no
 * code and no idea with it. Wing and Gong ("Testing and verifying concurrent objects", 1993) try every operation that may
 * come next; Lowe ("Testing for linearizability", 2017) remembers which sets of operations, with which state, were tried.
 *
 * The state is the write that took effect last, and whether it has expired. Unlike the zone algorithm it decides reads that
 * found nothing and do not tell why.
 */
import type { Operation, ReadOperation, WriteOperation } from './history.js';
import { compareVersions } from './version-order.js';

/** Sets of operations are bits of one integer. */
export const refereeOperationsMax = 30;

interface State {
  readonly write: WriteOperation | undefined;
  readonly expired: boolean;
}

/** Operations of one key, judged as `linearizable` describes. Throws for more than `refereeOperationsMax`. */
export function isLinearizable(operations: readonly Operation[]): boolean {
  const relevant = operations.filter(takesPart);
  if (relevant.length > refereeOperationsMax) throw new Error(`${relevant.length} operations are too many`);
  const states = new Map<string, number>();
  const tried = new Set<number>();
  const mandatory = relevant.reduce(
    (set, operation, index) => (mustHappen(operation) ? set | (1 << index) : set),
    0,
  );

  const search = (done: number, state: State): boolean => {
    if ((done & mandatory) === mandatory) return true;
    const known = done * 64 + numberOf(states, state);
    if (tried.has(known)) return false;
    tried.add(known);
    const deadlineMs = firstEndOutside(relevant, done);
    for (let index = 0; index < relevant.length; index += 1) {
      const operation = relevant[index]!;
      // An operation may come next unless one that is not yet placed ended before it began.
      if ((done & (1 << index)) !== 0 || operation.beganMs > deadlineMs) continue;
      const next = apply(operation, state);
      if (next !== undefined && search(done | (1 << index), next)) return true;
    }
    return false;
  };
  return search(0, { write: undefined, expired: false });
}

/** The same question by trying all orders: for a handful of operations. */
export function isLinearizableByAllOrders(operations: readonly Operation[]): boolean {
  const extend = (left: readonly Operation[], state: State): boolean => {
    if (!left.some(mustHappen)) return true;
    return left.some((operation) => {
      const others = left.filter((other) => other !== operation);
      if (others.some((other) => mustHappen(other) && other.endedMs < operation.beganMs)) return false;
      const next = apply(operation, state);
      return next !== undefined && extend(others, next);
    });
  };
  return extend(operations.filter(takesPart), { write: undefined, expired: false });
}

/** The state after it, or undefined if it cannot happen in this one. */
function apply(operation: Operation, state: State): State | undefined {
  if (operation.kind !== 'get') return { write: operation, expired: false };
  return readable(operation, state);
}

function readable({ answer }: ReadOperation, state: State): State | undefined {
  const { write, expired } = state;
  switch (answer?.kind) {
    case 'value':
      return write?.value === answer.value && !expired ? state : undefined;
    case 'hidden':
      if (!write?.stamps.some(({ version }) => compareVersions(version, answer.version) === 0))
        return undefined;
      if (write.kind === 'delete') return state;
      return write.expires ? { write, expired: true } : undefined;
    case 'nothing':
      return write === undefined ? state : undefined;
    case 'untold':
      if (write === undefined || write.kind === 'delete') return state;
      return write.expires ? { write, expired: true } : undefined;
    case undefined:
      return undefined;
  }
}

function takesPart(operation: Operation): boolean {
  if (operation.level === 'one') return false;
  return operation.kind === 'get' ? operation.answer !== undefined : operation.outcome !== 'not-applied';
}

/** A write of unknown outcome may take effect at any later time, or never. */
function mustHappen(operation: Operation): boolean {
  return operation.kind === 'get' || operation.outcome === 'ok';
}

function firstEndOutside(operations: readonly Operation[], done: number): number {
  let first = Infinity;
  for (let index = 0; index < operations.length; index += 1) {
    const operation = operations[index]!;
    if ((done & (1 << index)) === 0 && mustHappen(operation) && operation.endedMs < first) {
      first = operation.endedMs;
    }
  }
  return first;
}

function numberOf(states: Map<string, number>, { write, expired }: State): number {
  const name = `${write?.id ?? 'initial'} ${expired}`;
  let number = states.get(name);
  if (number === undefined) states.set(name, (number = states.size));
  return number;
}
