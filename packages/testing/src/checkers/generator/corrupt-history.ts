import type { SeededRandom } from '../../seeded-random.js';
import type {
  FinalState,
  History,
  Operation,
  ReadOperation,
  Scan,
  Version,
  WriteOperation,
} from '../history.js';
import { isStrong, isWrite } from '../key-history.js';
import { compareVersions } from '../version-order.js';

export interface Corruption {
  readonly name: string;
  readonly history: History;
}

/**
 * One fact of a history made wrong at random, for tests of checkers. Not every corruption contradicts a guarantee: a stale
 * answer to a read that ran beside the write is as good as the right one. Undefined if there is nothing to corrupt.
 */
export function corruptHistory(history: History, random: SeededRandom): Corruption | undefined {
  const name = random.pick(Object.keys(corruptions) as CorruptionName[]);
  const corrupted = corruptions[name](history, random);
  return corrupted === undefined ? undefined : { name, history: corrupted };
}

type CorruptionName = keyof typeof corruptions;

const corruptions = {
  'another answer': (history: History, random: SeededRandom) => {
    const read = pick(reads(history), random);
    const others = reads(history).filter(
      (other) => other.key === read?.key && tell(other) !== tell(read) && other.answer?.kind !== 'untold',
    );
    const other = pick(others, random);
    return read && other && withOperation(history, { ...read, answer: other.answer });
  },
  'an older answer': (history: History, random: SeededRandom) => {
    const read = pick(reads(history), random);
    const before = reads(history).filter((other) => other.key === read?.key && isOlder(other, read));
    const other = pick(before, random);
    return read && other && withOperation(history, { ...read, answer: other.answer });
  },
  'nothing found': (history: History, random: SeededRandom) => {
    const read = pick(
      reads(history).filter(({ answer }) => answer?.kind === 'value'),
      random,
    );
    return read && withOperation(history, { ...read, answer: { kind: 'nothing' } });
  },
  'another value': (history: History, random: SeededRandom) => {
    const read = pick(
      reads(history).filter(({ answer }) => answer?.kind === 'value'),
      random,
    );
    if (read?.answer?.kind !== 'value') return undefined;
    const { version } = read.answer;
    return withOperation(history, { ...read, answer: { kind: 'value', value: 'garbage', version } });
  },
  'alive again': (history: History, random: SeededRandom) => {
    const read = pick(
      reads(history).filter(({ answer }) => answer?.kind === 'hidden'),
      random,
    );
    if (read?.answer?.kind !== 'hidden') return undefined;
    const { version } = read.answer;
    const value = writes(history).find(({ stamps }) =>
      stamps.some((stamp) => isSame(stamp.version, version)),
    )?.value;
    return value === undefined
      ? undefined
      : withOperation(history, { ...read, answer: { kind: 'value', value, version } });
  },
  'denied after all': (history: History, random: SeededRandom) => {
    const write = pick(acknowledged(history), random);
    return (
      write &&
      withOperation(history, { ...write, outcome: 'not-applied', version: undefined, previous: notAsked })
    );
  },
  'an old stamp': (history: History, random: SeededRandom) => {
    const write = pick(acknowledged(history), random);
    if (write === undefined) return undefined;
    const version = { timestamp: 1 + random.below(1_000), node: 9 };
    return withOperation(history, { ...write, version, stamps: [{ version, disowned: false }] });
  },
  'a stamp too many': (history: History, random: SeededRandom) => {
    const write = pick(acknowledged(history), random);
    if (write === undefined) return undefined;
    const version = { timestamp: 1e9, node: 9 };
    return withOperation(history, { ...write, stamps: [...write.stamps, { version, disowned: false }] });
  },
  'another previous value': (history: History, random: SeededRandom) => {
    const write = pick(
      acknowledged(history).filter(({ previous }) => previous.kind === 'value'),
      random,
    );
    const values = writes(history).filter(({ key, value }) => key === write?.key && value !== undefined);
    const value = pick(values, random)?.value;
    if (write === undefined || value === undefined) return undefined;
    return withOperation(history, { ...write, previous: { kind: 'value', value, version: undefined } });
  },
  'no previous value': (history: History, random: SeededRandom) => {
    const write = pick(
      acknowledged(history).filter(({ previous }) => previous.kind === 'value'),
      random,
    );
    return write && withOperation(history, { ...write, previous: { kind: 'none' } });
  },
  'a holder less': (history: History, random: SeededRandom) => {
    const { acknowledgements = [] } = history.evidence;
    if (acknowledgements.length === 0) return undefined;
    const index = random.below(acknowledgements.length);
    const changed = acknowledgements.map((each, at) =>
      at === index ? { ...each, holders: each.required - 1 } : each,
    );
    return { ...history, evidence: { ...history.evidence, acknowledgements: changed } };
  },
  'stored a second time': (history: History, random: SeededRandom) => {
    const write = pick(
      acknowledged(history).filter(({ level }) => level === 'linearizable'),
      random,
    );
    if (write === undefined) return undefined;
    const version = { timestamp: write.version!.timestamp, node: 9 };
    const stamped = withOperation(history, {
      ...write,
      stamps: [{ version, disowned: false }, ...write.stamps],
    });
    const appended = [...(history.evidence.appended ?? []), { key: write.key, version }];
    return { ...stamped, evidence: { ...history.evidence, appended } };
  },
  'a key twice in a scan': (history: History, random: SeededRandom) => {
    const scan = pick(fullScans(history), random);
    return scan && withScan(history, { ...scan, entries: [...scan.entries, scan.entries[0]!] });
  },
  'a key left out of a scan': (history: History, random: SeededRandom) => {
    const scan = pick(fullScans(history), random);
    return scan && withScan(history, { ...scan, entries: scan.entries.slice(1) });
  },
  'a replica behind': (history: History, random: SeededRandom) =>
    withFinals(history, (states) => {
      const index = random.below(states.length);
      return states.map((state, at) => (at === index ? { ...state, records: [] } : state));
    }),
  'lost by all': (history: History) =>
    withFinals(history, (states) => states.map((state) => ({ ...state, records: [] }))),
};

function fullScans({ scans = [] }: History): Scan[] {
  return scans.filter(({ complete, entries }) => complete && entries.length > 0);
}

function withScan(history: History, scan: Scan): History {
  return { ...history, scans: history.scans!.map((each) => (each.id === scan.id ? scan : each)) };
}

const notAsked = { kind: 'not-asked' } as const;

function pick<Element>(from: readonly Element[], random: SeededRandom): Element | undefined {
  return from.length === 0 ? undefined : random.pick(from);
}

function reads({ operations }: History): ReadOperation[] {
  return operations.filter(
    (operation): operation is ReadOperation =>
      !isWrite(operation) && isStrong(operation) && operation.answer !== undefined,
  );
}

function writes({ operations }: History): WriteOperation[] {
  return operations.filter(isWrite);
}

function acknowledged(history: History): WriteOperation[] {
  return writes(history).filter((write) => isStrong(write) && write.outcome === 'ok');
}

function tell(read: ReadOperation | undefined): string {
  return JSON.stringify(read?.answer);
}

function isOlder({ answer }: ReadOperation, than: ReadOperation | undefined): boolean {
  if (answer === undefined || !('version' in answer)) return false;
  const newer = than?.answer;
  return newer !== undefined && 'version' in newer && compareVersions(answer.version, newer.version) < 0;
}

function isSame(a: Version, b: Version): boolean {
  return compareVersions(a, b) === 0;
}

function withOperation(history: History, changed: Operation): History {
  const operations = history.operations.map((operation) =>
    operation.id === changed.id ? changed : operation,
  );
  return { ...history, operations };
}

function withFinals(
  history: History,
  change: (states: readonly FinalState[]) => FinalState[],
): History | undefined {
  const { finals = [] } = history.evidence;
  const filled = finals.some(({ records }) => records.length > 0);
  return filled ? { ...history, evidence: { ...history.evidence, finals: change(finals) } } : undefined;
}
