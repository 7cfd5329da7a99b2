/** What the engine needs from its surroundings. Structural: a fake fits without knowing this package. */

export interface Clock {
  /** Unix milliseconds; may jump. */
  nowMs(): number;
  /** Milliseconds from an arbitrary start; never goes back. */
  monotonicMs(): number;
}

export interface Timers {
  /** Calls back once, after the delay. Returns what cancels it. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back in a later turn of the event loop, after pending input and output had theirs. */
  nextTurn(callback: () => void): void;
}

export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * Files, as little of them as a log needs. Paths are joined with `/`. Every method rejects with an `Error` that has
 * the operating system's `code` (`ENOENT`, `EEXIST`, `ENOSPC`, `EACCES`, `EIO` …).
 *
 * What a crash of the machine may lose: bytes written since the file's last `sync`, and names created, renamed or
 * removed since the directory's last `syncDirectory`.
 */
export interface FileSystem {
  /** Creates the directory and its parents, durably; one that exists already is fine. */
  makeDirectory(directory: string): Promise<void>;
  /** Names in the directory, in no particular order. */
  list(directory: string): Promise<string[]>;
  /** Opens an existing file for reading. */
  openForRead(path: string): Promise<ReadableFile>;
  /** Creates a file for writing, or empties the one that is there. */
  create(path: string): Promise<WritableFile>;
  /** Gives a file another name, atomically, over one that may exist. */
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes the directory's names durable. */
  syncDirectory(directory: string): Promise<void>;
  /**
   * Takes the directory for this process, or rejects with an error of code `KV_LOCKED` (or a KvError `unavailable`) whose
   * message names the directory and the process that has it. A lock whose owner died is taken over.
   */
  lock(directory: string): Promise<DirectoryLock>;
}

export interface ReadableFile {
  size(): Promise<number>;
  /** Fills `into` from `position` of the file; returns how many bytes it got: fewer near the end, or at will. */
  read(into: Uint8Array, position: number): Promise<number>;
  close(): Promise<void>;
}

export interface WritableFile {
  /** Writes at `position`; returns how many bytes were taken, which may be fewer than given. */
  write(bytes: Uint8Array, position: number): Promise<number>;
  /** The same for the parts laid end to end, without joining them: up to 1,024 parts, none of them empty. */
  writev(parts: readonly Uint8Array[], position: number): Promise<number>;
  /** The same within the call, where nothing has to be waited for; undefined: it might, and nothing was written. */
  writevAtOnce(parts: readonly Uint8Array[], position: number): number | undefined;
  /** Resolves once everything written is on stable storage. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface DirectoryLock {
  release(): Promise<void>;
}

export interface EnginePorts {
  readonly fileSystem: FileSystem;
  readonly clock: Clock;
  readonly timers: Timers;
  /**
   * Identity of this boot of the machine: tells the death of a process, which loses nothing that the system has, from a
   * crash of the machine. Undefined if it cannot be told; matters for durability `interval` and `os` only.
   */
  readonly bootId?: string | undefined;
  readonly logger?: Logger | undefined;
  /**
   * Called at most once, when a sync or write failed in a way after which nothing may be acknowledged any more: the
   * process should stop and be started again. Reads go on until then.
   */
  readonly onFatal?: ((error: Error) => void) | undefined;
}
