import type { History, Operation, WriteOperation } from './history.js';
import { isWrite, KeyHistory } from './key-history.js';

/** A history, prepared once for all checkers. */
export interface IndexedHistory {
  readonly history: History;
  readonly keys: ReadonlyMap<string, KeyHistory>;
  /** For each appended version of the evidence the write that it belongs to. */
  readonly appendedWrites: readonly (WriteOperation | undefined)[];
  operation(id: number): Operation | undefined;
}

/** Throws where a history breaks the rules for recording one: nothing could be concluded from it. */
export function indexHistory(history: History): IndexedHistory {
  const byKey = new Map<string, Operation[]>();
  for (const operation of history.operations) {
    requireSound(operation);
    const ofKey = byKey.get(operation.key);
    if (ofKey === undefined) byKey.set(operation.key, [operation]);
    else ofKey.push(operation);
  }
  const keys = new Map<string, KeyHistory>();
  for (const [key, operations] of byKey) keys.set(key, new KeyHistory(key, operations));
  const appended = history.evidence.appended ?? [];
  let byId: Map<number, Operation> | undefined;
  return {
    history,
    keys,
    appendedWrites: appended.map(({ key, version }) => keys.get(key)?.writerOf(version)),
    operation: (id) => {
      // Recorders number them in order; others may not.
      const atIndex = history.operations[id];
      if (atIndex?.id === id) return atIndex;
      byId ??= new Map(history.operations.map((operation) => [operation.id, operation]));
      return byId.get(id);
    },
  };
}

function requireSound(operation: Operation): void {
  const { id, beganMs, endedMs } = operation;
  if (!(beganMs <= endedMs)) throw new Error(`history: operation ${id} ended before it began`);
  const answered = isWrite(operation) ? operation.outcome !== 'unknown' : operation.answer !== undefined;
  if (answered && endedMs === Infinity) {
    throw new Error(`history: operation ${id} has an answer, but no end`);
  }
  if (isWrite(operation) && operation.outcome === 'ok' && operation.version === undefined) {
    throw new Error(`history: operation ${id} is ok without a version`);
  }
}
