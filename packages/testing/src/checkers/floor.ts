import type { Operation, ReadOperation, Version, WriteOperation } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import type { KeyHistory } from './key-history.js';
import { compareVersions } from './version-order.js';

/** The newest version of some kind so far, and the operation that it comes from. */
export class Floor {
  version: Version | undefined;
  operation: Operation | undefined;

  raise(version: Version, operation: Operation): void {
    if (this.version !== undefined && compareVersions(version, this.version) <= 0) return;
    this.version = version;
    this.operation = operation;
  }

  /** By every version of the write that a replica may hold. */
  raiseByStamps(write: WriteOperation): void {
    for (const { version, disowned } of write.stamps) if (!disowned) this.raise(version, write);
  }
}

/** The version that a read's answer stands for, if it tells one. */
export function versionRead({ answer }: ReadOperation): Version | undefined {
  return answer?.kind === 'value' || answer?.kind === 'hidden' ? answer.version : undefined;
}

/** Whether the answer shows something older than `floor`. */
export function isReadBelow(read: ReadOperation, floor: Version, context: ReadContext): boolean {
  const { answer } = read;
  if (answer === undefined) return false;
  switch (answer.kind) {
    case 'value':
    case 'hidden':
      return compareVersions(answer.version, floor) < 0;
    case 'nothing':
      return !(context.history.history.purges === true && mayBeHidden());
    case 'untold':
      return !mayBeHidden();
  }

  function mayBeHidden(): boolean {
    return context.key.mayBeHidden(floor, read.endedMs);
  }
}

export interface ReadContext {
  readonly history: IndexedHistory;
  readonly key: KeyHistory;
}
