import { PassThrough, Readable, Writable } from 'node:stream';

import { type KeyValueEntry, type NodeStatus, type Version, type WriteResult, unknown } from '@kv/client';
import { KvError } from '@kv/errors';

import {
  type CliClient,
  type CliClientOptions,
  type CliIo,
  type ExitCode,
  run,
  systemIo,
} from '../src/index.js';

interface Stored {
  readonly value: Uint8Array;
  readonly version: Version;
  readonly expiresAtMs: number | undefined;
}

/** A store in a Map behind the client's face; keys in latin1. */
export class FakeStore {
  readonly entries = new Map<string, Stored>();
  /** Errors of the next puts of a key, in turn. */
  readonly putFailures = new Map<string, KvError[]>();
  readonly puts: { readonly key: string; readonly options: Parameters<CliClient['put']>[2] }[] = [];
  putsTogetherMax = 0;
  readonly connected: { readonly endpoints: readonly string[]; readonly options: CliClientOptions }[] = [];
  closed = 0;
  nowMs = 1_800_000_000_000;
  statuses: Record<string, NodeStatus | KvError> = {};
  scanFailure: KvError | undefined;
  #putsTogether = 0;
  #stamp = 0;

  connect(endpoints: readonly string[], options: CliClientOptions): CliClient {
    this.connected.push({ endpoints, options });
    return {
      put: (key, value, options) => this.#put(nameOf(key), asBytes(value), options),
      delete: (key) => Promise.resolve(this.#write(nameOf(key), undefined)),
      getEntry: (key) => Promise.resolve(this.entries.get(nameOf(key))),
      scan: (options) => this.#scan(options),
      status: (endpoint) => {
        const status = this.statuses[endpoint] ?? new KvError('unavailable', `${endpoint}: no connection`);
        return status instanceof KvError ? Promise.reject(status) : Promise.resolve(status);
      },
      describe: () => Promise.resolve(description),
      close: () => {
        this.closed += 1;
        return Promise.resolve();
      },
    };
  }

  async #put(
    key: string,
    value: Uint8Array,
    options: Parameters<CliClient['put']>[2],
  ): Promise<WriteResult<Uint8Array>> {
    if (key === '') throw new KvError('invalid-argument', 'the key is empty', { outcome: 'not-applied' });
    this.puts.push({ key, options });
    this.#putsTogether += 1;
    this.putsTogetherMax = Math.max(this.putsTogetherMax, this.#putsTogether);
    // Later puts take less time: whoever does not wait for an earlier one of its key overtakes it.
    for (let turns = 20 - (this.puts.length % 20); turns > 0; turns -= 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#putsTogether -= 1;
    const failure = this.putFailures.get(key)?.shift();
    if (failure !== undefined) throw failure;
    const expiresAtMs =
      options?.ttlMs === undefined || options.ttlMs === 0 ? undefined : this.nowMs + options.ttlMs;
    const result = this.#write(key, { value, expiresAtMs });
    return options?.previous === false ? { ...result, previous: unknown } : result;
  }

  #write(key: string, next: Omit<Stored, 'version'> | undefined): WriteResult<Uint8Array> {
    const before = this.entries.get(key);
    this.#stamp += 1;
    const version = { timestamp: this.#stamp as Version['timestamp'], node: 65_537 };
    if (next === undefined) this.entries.delete(key);
    else this.entries.set(key, { ...next, version });
    return { version, previous: before?.value };
  }

  async *#scan(
    options: Parameters<CliClient['scan']>[0],
  ): AsyncGenerator<KeyValueEntry<Uint8Array, Uint8Array>> {
    await Promise.resolve();
    let left = options?.limit ?? Infinity;
    const after = options?.after === undefined ? '' : nameOf(options.after);
    for (const key of [...this.entries.keys()].sort()) {
      if (key <= after || !key.startsWith(nameOf(options?.prefix ?? ''))) continue;
      if (left === 0) return;
      left -= 1;
      yield { key: Buffer.from(key, 'latin1'), ...this.entries.get(key)! };
    }
    if (this.scanFailure !== undefined) throw this.scanFailure;
  }
}

const description = {
  epoch: 1,
  clusterId: 'c1',
  replicationFactor: 2,
  members: [
    { id: 'node1', number: 1, address: 'a:1', zone: '', state: 'up' as const },
    { id: 'node2', number: 2, address: 'b:1', zone: 'z', state: 'down' as const },
  ],
  partitions: [[1, 2], [2, 1], [2]],
  keyHash: { algorithm: 'xxh32', seed: 0, shift: 31 },
};

function asBytes(bytes: string | Uint8Array): Uint8Array {
  return typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
}

function nameOf(bytes: string | Uint8Array): string {
  return Buffer.from(asBytes(bytes)).toString('latin1');
}

export interface RunResult {
  readonly code: ExitCode;
  readonly stdout: string;
  readonly stdoutBytes: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string | Buffer;
  /** Contents by path; what the command writes appears here. */
  readonly files?: Map<string, Buffer>;
  readonly io?: Partial<CliIo>;
}

/** Runs the command against the store, and gives what it wrote. */
export async function runCli(
  store: FakeStore,
  argv: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const { env = {}, stdin = '', files = new Map<string, Buffer>() } = options;
  const stdout = collector();
  const stderr = collector();
  const code = await run(argv, {
    env,
    stdin: () => Readable.from([Buffer.from(stdin)]),
    stdout: stdout.stream,
    stderr: stderr.stream,
    signal: new AbortController().signal,
    nowMs: () => store.nowMs,
    sleep: (delayMs) => {
      store.nowMs += delayMs;
      return Promise.resolve();
    },
    connect: (endpoints, clientOptions) => store.connect(endpoints, clientOptions),
    inspect: systemIo(new AbortController().signal).inspect,
    openFile: (path) => {
      const bytes = files.get(path);
      if (bytes === undefined) return Promise.reject(new Error(`ENOENT: no such file ${path}`));
      return Promise.resolve({ stream: Readable.from([bytes]), bytes: bytes.length });
    },
    createFile: (path) => {
      const written = collector();
      return Promise.resolve({
        stream: written.stream,
        commit: () => {
          files.set(path, written.bytes());
          return Promise.resolve();
        },
        discard: () => Promise.resolve(),
      });
    },
    ...options.io,
  });
  return {
    code,
    stdout: stdout.bytes().toString(),
    stdoutBytes: stdout.bytes(),
    stderr: stderr.bytes().toString(),
  };
}

export function collector(): { stream: Writable; bytes: () => Buffer } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    highWaterMark: 64,
    write(chunk: Buffer, _, done) {
      chunks.push(Buffer.from(chunk));
      setImmediate(done);
    },
  });
  return { stream, bytes: () => Buffer.concat(chunks) };
}

/** A terminal, as far as a progress bar looks. */
export function terminal(): { stream: PassThrough & { isTTY: boolean }; text: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 80 });
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
