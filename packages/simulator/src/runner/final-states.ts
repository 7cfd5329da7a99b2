import type { FinalRecord, FinalState } from '@kv/testing/checkers';
import { compareVersions } from '@kv/hlc';

import { latin1 } from '../disk/record-scan.js';
import type { Machine } from '../machines/machine.js';
import type { Plan } from '../plan/plan.js';

export interface FinalStates {
  readonly states: readonly FinalState[];
  /** Partitions whose replicas are not equal. */
  readonly differing: readonly number[];
  readonly isEqual: boolean;
}

/** What each replica holds of each partition; undefined while a node is not there. Owners are those who hold something. */
export function finalStates(plan: Plan, machines: readonly Machine[]): FinalStates | undefined {
  const states: FinalState[] = [];
  const differing = new Set<number>();
  for (let partition = 0; partition < plan.cluster.partitions; partition += 1) {
    const digests = new Set<string>();
    for (const [index, machine] of machines.entries()) {
      if (machine.engine === undefined || machine.owners === undefined) return undefined;
      if (!machine.owners(partition).includes(index + 1)) continue;
      const records = recordsOf(machine, partition);
      const digest = digestOf(records);
      digests.add(digest);
      states.push({ partition, replica: index + 1, digest, records: records.map(({ final }) => final) });
    }
    if (digests.size > 1) differing.add(partition);
  }
  return { states, differing: [...differing], isEqual: differing.size === 0 };
}

interface HeldRecord {
  readonly final: FinalRecord;
  readonly bytes: Uint8Array;
}

function recordsOf(machine: Machine, partition: number): HeldRecord[] {
  return [...machine.engine!.scanPartition(partition)].map(({ record }) => ({
    final: {
      key: latin1(record.key),
      version: { timestamp: record.version.timestamp, node: record.version.node },
      value: record.tombstone ? undefined : latin1(record.value),
    },
    bytes: record.bytes,
  }));
}

/** The simulation's own, from the records themselves: it does not lean on the digests of the code under test. */
function digestOf(records: readonly HeldRecord[]): string {
  const sorted = [...records].sort((a, b) =>
    a.final.key === b.final.key
      ? compareVersions(a.final.version as never, b.final.version as never)
      : a.final.key < b.final.key
        ? -1
        : 1,
  );
  return sorted
    .map(
      ({ final: { key, version }, bytes }) => `${key}:${version.timestamp}@${version.node}:${bytes.length}`,
    )
    .join('|');
}
