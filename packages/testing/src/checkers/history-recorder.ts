import type {
  Acknowledgement,
  Appended,
  FinalState,
  History,
  Level,
  Outcome,
  PreviousReport,
  ReadAnswer,
  ReadOperation,
  Scan,
  ScannedEntry,
  Stamp,
  Version,
  WriteOperation,
} from './history.js';

export interface WriteStart {
  readonly client: number;
  readonly key: string;
  readonly level: Level;
  /** Undefined = a delete. */
  readonly value: string | undefined;
  /** A put with a time to live. */
  readonly expires?: boolean;
  /** Where it is known; it says that the put expires, too. */
  readonly ttlMs?: number;
}

export interface ReadStart {
  readonly client: number;
  readonly key: string;
  readonly level: Level;
}

/** A write that is being recorded. An operation that is never ended is one whose client never heard. */
export interface RecordedWrite {
  readonly id: number;
  /** At any time, also after the end. The same version again (a ticket used twice) is one stamp. */
  stamped(version: Version): void;
  /** The attempt that these stamps belong to was answered `not applied`. */
  disown(versions: readonly Version[]): void;
  /** Once; `previous` defaults to `not-asked`. */
  ended(result: { outcome: Outcome; version?: Version | undefined; previous?: PreviousReport }): void;
}

export interface RecordedRead {
  readonly id: number;
  /** Once; undefined = it failed. */
  ended(answer: ReadAnswer | undefined): void;
}

export interface RecordedScan {
  entry(entry: ScannedEntry): void;
  /** Once. */
  ended(result: { complete: boolean }): void;
}

export interface HistoryRecorder {
  write(start: WriteStart): RecordedWrite;
  read(start: ReadStart): RecordedRead;
  /** Of all keys. One that is never ended is no part of the history. */
  scan(start: { client: number; level: Level }): RecordedScan;
  acknowledged(acknowledgement: Acknowledgement): void;
  appended(appended: Appended): void;
  final(state: FinalState): void;
  /** See `History.expiryToleranceMs`. */
  expiresWithin(toleranceMs: number): void;
  /** So far; what is recorded later does not change it. */
  history(): History;
}

export interface HistoryRecorderOptions {
  /** Default false: see `History.purges`. */
  readonly purges?: boolean;
}

/** Simulated time of the whole run, in milliseconds; no node's clock. */
export interface RecorderClock {
  nowMs(): number;
}

/** What lies between two events of one moment: far below any delay, far above the resolution of a double. */
const tieMs = 1e-6;

/** Keeps a history while it happens. Events of one moment are told apart: those recorded first came first. */
export function createHistoryRecorder(
  options: HistoryRecorderOptions,
  ports: { readonly clock: RecorderClock },
): HistoryRecorder {
  return new Recorder(options, ports.clock);
}

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };

class Recorder implements HistoryRecorder {
  readonly #options: HistoryRecorderOptions;
  readonly #clock: RecorderClock;
  readonly #operations: (Mutable<WriteOperation> | Mutable<ReadOperation>)[] = [];
  readonly #acknowledgements: Acknowledgement[] = [];
  readonly #appended: Appended[] = [];
  readonly #finals: FinalState[] = [];
  readonly #scans: Scan[] = [];
  #expiryToleranceMs: number | undefined;
  #lastMs = -Infinity;

  constructor(options: HistoryRecorderOptions, clock: RecorderClock) {
    this.#options = options;
    this.#clock = clock;
  }

  write({ client, key, level, value, ttlMs, expires = (ttlMs ?? 0) > 0 }: WriteStart): RecordedWrite {
    const stamps: Mutable<Stamp>[] = [];
    const operation: Mutable<WriteOperation> = {
      id: this.#operations.length,
      client,
      key,
      level,
      beganMs: this.#moment(),
      endedMs: Infinity,
      kind: value === undefined ? 'delete' : 'put',
      value,
      expires,
      ttlMs,
      stamps,
      outcome: 'unknown',
      version: undefined,
      previous: { kind: 'not-asked' },
    };
    this.#operations.push(operation);
    return {
      id: operation.id,
      stamped: ({ timestamp, node }) => {
        const version = { timestamp, node };
        if (!stamps.some((stamp) => isSame(stamp.version, version)))
          stamps.push({ version, disowned: false });
      },
      disown: (versions) => {
        for (const stamp of stamps) {
          if (versions.some((version) => isSame(version, stamp.version))) stamp.disowned = true;
        }
      },
      ended: ({ outcome, version, previous = { kind: 'not-asked' } }) => {
        this.#end(operation);
        operation.outcome = outcome;
        operation.version = version;
        operation.previous = previous;
      },
    };
  }

  read({ client, key, level }: ReadStart): RecordedRead {
    const operation: Mutable<ReadOperation> = {
      id: this.#operations.length,
      client,
      key,
      level,
      beganMs: this.#moment(),
      endedMs: Infinity,
      kind: 'get',
      answer: undefined,
    };
    this.#operations.push(operation);
    return {
      id: operation.id,
      ended: (answer) => {
        this.#end(operation);
        operation.answer = answer;
      },
    };
  }

  scan({ client, level }: { client: number; level: Level }): RecordedScan {
    const beganMs = this.#moment();
    const entries: ScannedEntry[] = [];
    return {
      entry: (entry) => void entries.push(entry),
      ended: ({ complete }) => {
        const id = this.#scans.length;
        this.#scans.push({ id, client, level, beganMs, endedMs: this.#moment(), complete, entries });
      },
    };
  }

  acknowledged(acknowledgement: Acknowledgement): void {
    this.#acknowledgements.push(acknowledgement);
  }

  appended({ key, version: { timestamp, node } }: Appended): void {
    this.#appended.push({ key, version: { timestamp, node } });
  }

  final(state: FinalState): void {
    this.#finals.push(state);
  }

  expiresWithin(toleranceMs: number): void {
    this.#expiryToleranceMs = toleranceMs;
  }

  history(): History {
    return {
      operations: this.#operations.map((operation) =>
        operation.kind === 'get'
          ? { ...operation }
          : { ...operation, stamps: operation.stamps.map((stamp) => ({ ...stamp })) },
      ),
      evidence: {
        acknowledgements: [...this.#acknowledgements],
        appended: [...this.#appended],
        finals: [...this.#finals],
      },
      purges: this.#options.purges ?? false,
      scans: [...this.#scans],
      expiryToleranceMs: this.#expiryToleranceMs,
    };
  }

  #end(operation: Mutable<WriteOperation> | Mutable<ReadOperation>): void {
    if (operation.endedMs !== Infinity) throw new Error(`operation ${operation.id} ended twice`);
    operation.endedMs = this.#moment();
  }

  #moment(): number {
    this.#lastMs = Math.max(this.#clock.nowMs(), this.#lastMs + tieMs);
    return this.#lastMs;
  }
}

function isSame(a: Version, b: Version): boolean {
  return a.timestamp === b.timestamp && a.node === b.node;
}
