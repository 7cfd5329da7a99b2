import type {
  Evidence,
  FinalState,
  History,
  Level,
  Operation,
  Outcome,
  PreviousReport,
  ReadOperation,
  Version,
  WriteOperation,
} from '../../src/checkers/index.js';

/** Short words for histories of one key that a person can read. Versions are plain numbers here. */

export type Told = Omit<WriteOperation, 'id'> | Omit<ReadOperation, 'id'>;

const key = 'k';

export function v(timestamp: number): Version {
  return { timestamp, node: 1 };
}

interface Words {
  readonly client?: number;
  readonly level?: Level;
}

export interface WriteWords extends Words {
  /** Undefined = a delete. */
  readonly value?: string;
  readonly stamps?: readonly number[];
  /** Default: the last stamp. */
  readonly version?: number;
  readonly outcome?: Outcome;
  readonly expires?: boolean;
  readonly disowned?: readonly number[];
  readonly previous?: PreviousReport;
}

export function write(beganMs: number, endedMs: number, words: WriteWords): Told {
  const { client = 1, level = 'quorum', value, stamps = [], outcome = 'ok', expires = false } = words;
  const { disowned = [], previous = { kind: 'not-asked' } } = words;
  const version = words.version ?? stamps.at(-1);
  return {
    ...{ client, key, level, beganMs, endedMs, value, expires, outcome, previous },
    kind: value === undefined ? 'delete' : 'put',
    stamps: stamps.map((stamp) => ({
      version: v(stamp),
      disowned: outcome === 'not-applied' || disowned.includes(stamp),
    })),
    version: outcome === 'ok' && version !== undefined ? v(version) : undefined,
  };
}

export type Seen = readonly [value: string, version: number] | 'nothing' | 'untold' | number;

/** `seen`: a value and its version; or the version that hides the key. */
export function read(beganMs: number, endedMs: number, seen: Seen, words: Words = {}): Told {
  const { client = 2, level = 'quorum' } = words;
  const answer =
    seen === 'nothing' || seen === 'untold'
      ? { kind: seen }
      : typeof seen === 'number'
        ? { kind: 'hidden' as const, version: v(seen) }
        : { kind: 'value' as const, value: seen[0], version: v(seen[1]) };
  return { kind: 'get', client, key, level, beganMs, endedMs, answer };
}

export function history(operations: readonly Told[], evidence: Evidence = {}): History {
  return { operations: operations.map((told, id): Operation => ({ ...told, id })), evidence };
}

/** What one replica holds in the end. */
export function final(
  replica: number,
  record?: readonly [value: string | undefined, version: number],
): FinalState {
  const records = record === undefined ? [] : [{ key, value: record[0], version: v(record[1]) }];
  return { partition: 0, replica, digest: 'the same', records };
}

export function appended(...versions: number[]): Evidence {
  return { appended: versions.map((timestamp) => ({ key, version: v(timestamp) })) };
}
