import { once } from 'node:events';
import type { Writable } from 'node:stream';

import { BrokenPipeError } from './errors.js';

/** Writes as fast as the reader reads, and no faster: an export may be larger than memory. */
export interface Output {
  write(chunk: string | Uint8Array): Promise<void>;
  line(text: string): Promise<void>;
  /** Resolves once everything written has left; rejects if it could not. */
  flushed(): Promise<void>;
  /** Rejects with the first error of the stream; never unhandled. */
  readonly broken: Promise<never>;
  readonly failure: Error | undefined;
}

export function createOutput(stream: Writable): Output {
  const state: { failure?: Error } = {};
  const broken = new Promise<never>((_, reject) => {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      state.failure ??= error.code === 'EPIPE' ? new BrokenPipeError('the reader went away') : error;
      reject(state.failure);
    });
  });
  broken.catch(() => undefined);

  async function write(chunk: string | Uint8Array): Promise<void> {
    if (state.failure !== undefined) throw state.failure;
    if (stream.write(chunk)) return;
    const controller = new AbortController();
    try {
      await Promise.race([once(stream, 'drain', { signal: controller.signal }), broken]);
    } finally {
      controller.abort();
    }
  }

  return {
    write,
    line: (text) => write(`${text}\n`),
    async flushed() {
      if (state.failure !== undefined) throw state.failure;
      if (stream.writableLength === 0) return;
      await Promise.race([new Promise<void>((resolve) => stream.write('', () => resolve())), broken]);
    },
    broken,
    get failure() {
      return state.failure;
    },
  };
}
