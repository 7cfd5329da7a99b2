import type { Findings } from './findings.js';
import type { FinalRecord, FinalState } from './history.js';
import type { IndexedHistory } from './indexed-history.js';
import { isSameVersion, textOfVersion } from './version-order.js';

/**
 * *Convergent*: after the liveness phase, with nobody's help, all replicas of a partition have equal digests, and hold the
 * same newest record of every key, tombstones and expired records included. (Records are compared beside digests because a
 * digest may be blind.)
 *
 * Judged: each final state of a partition that another replica has one of.
 */
export function checkConvergent(history: IndexedHistory, findings: Findings): void {
  const partitions = new Map<number, FinalState[]>();
  for (const state of history.history.evidence.finals ?? []) {
    const states = partitions.get(state.partition);
    if (states === undefined) partitions.set(state.partition, [state]);
    else states.push(state);
  }
  for (const [partition, [first, ...others]] of partitions) {
    for (const other of others) {
      findings.judged += 1;
      const difference = differenceOf(first!, other);
      if (difference === undefined) continue;
      const { key, tell } = difference;
      const where = `partition ${partition}, replicas ${first!.replica} and ${other.replica}`;
      findings.report(key, [], () => `${where} differ: ${tell}`);
    }
  }
}

interface Difference {
  readonly key: string | undefined;
  readonly tell: string;
}

function differenceOf(a: FinalState, b: FinalState): Difference | undefined {
  const records = new Map(a.records.map((record) => [record.key, record]));
  for (const record of b.records) {
    const other = records.get(record.key);
    records.delete(record.key);
    if (
      other === undefined ||
      !isSameVersion(other.version, record.version) ||
      other.value !== record.value
    ) {
      return { key: record.key, tell: `${describe(other)} and ${describe(record)}` };
    }
  }
  for (const record of records.values()) {
    return { key: record.key, tell: `${describe(record)} and ${describe(undefined)}` };
  }
  return a.digest === b.digest
    ? undefined
    : { key: undefined, tell: `digests ${a.digest} and ${b.digest} of equal records` };
}

function describe(record: FinalRecord | undefined): string {
  if (record === undefined) return 'nothing';
  return `${record.key} = ${record.value ?? 'tombstone'} ${textOfVersion(record.version)}`;
}
