import type { Readable, Writable } from 'node:stream';

import type { Encoding, KvClient, KvClientOptions } from '@kv/client';
import type { DirectoryInspection } from '@kv/storage';

/** What the commands use of the client; a test may bring its own. Keys and values are bytes. */
export type CliClient = Pick<
  KvClient<'binary', 'binary'>,
  'put' | 'getEntry' | 'delete' | 'scan' | 'status' | 'describe' | 'close'
>;

export type CliClientOptions = KvClientOptions<Extract<Encoding, 'binary'>, 'binary'>;

/** A file that takes its final name only once it is complete. */
export interface NewFile {
  readonly stream: Writable;
  /** Gives it its name. */
  commit(): Promise<void>;
  /** Drops it; what had that name before stays. */
  discard(): Promise<void>;
}

/** Everything a command touches of the world. `systemIo()` is the real one. */
export interface CliIo {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Called only by what reads it: an open standard input keeps a process alive. */
  readonly stdin: () => Readable;
  readonly stdout: Writable;
  readonly stderr: Writable & { readonly isTTY?: boolean };
  /** Aborts when the user interrupts. */
  readonly signal: AbortSignal;
  readonly nowMs: () => number;
  readonly sleep: (delayMs: number, signal: AbortSignal) => Promise<void>;
  readonly connect: (endpoints: readonly string[], options: CliClientOptions) => CliClient;
  /** Reads a data directory offline. */
  readonly inspect: (directory: string) => Promise<DirectoryInspection>;
  readonly openFile: (path: string) => Promise<{ readonly stream: Readable; readonly bytes: number }>;
  readonly createFile: (path: string) => Promise<NewFile>;
}
