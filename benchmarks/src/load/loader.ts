import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import type { SystemName } from '../peers/system.js';
import type { Load, LoadFigures } from './load.js';
import type { PreloadOptions } from './preload.js';

export interface LoaderOptions {
  readonly system: SystemName;
  readonly endpoints: readonly string[];
  readonly serverPids: readonly number[];
}

/** What the process of a loader is asked. */
export interface Question {
  /** Comes back with the answer: while one question is under way, another one may close the loader. */
  readonly id: number;
  readonly ask: Ask;
}

export type Ask =
  | { readonly kind: 'measure'; readonly load: Load }
  | { readonly kind: 'preload'; readonly options: PreloadOptions }
  | { readonly kind: 'start-profile' }
  | { readonly kind: 'stop-profile'; readonly path: string }
  | { readonly kind: 'close' };

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

/** Loads one system from a process of its own. */
export interface Loader {
  measure(load: Load): Promise<LoadFigures>;
  /** @returns how many keys are there */
  preload(options: PreloadOptions): Promise<number>;
  startProfile(): Promise<void>;
  stopProfile(path: string): Promise<void>;
  close(): Promise<void>;
}

const main = fileURLToPath(new URL('./load-process.js', import.meta.url));

export function startLoader(options: LoaderOptions): Loader {
  const child = fork(main, [JSON.stringify(options)], {
    stdio: ['ignore', 2, 2, 'ipc'],
    serialization: 'advanced',
  });
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>;
  const ended = exit.then(([code, signal]): never => {
    throw new Error(`the load of ${options.system} ended with ${signal ?? code ?? 'nothing'}`);
  });
  ended.catch(() => undefined);

  const waiting = new Map<number, (answer: Answer) => void>();
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let asked = 0;
  const ask = async (what: Ask): Promise<unknown> => {
    const question: Question = { id: asked++, ask: what };
    const answered = new Promise<Answer>((resolve) => waiting.set(question.id, resolve));
    // A process that ended meanwhile makes sending fail; that it ended says more.
    child.send(question, () => undefined);
    const { value, error } = await Promise.race([answered, ended]);
    if (error !== undefined) throw new Error(`${options.system}: ${error}`);
    return value;
  };
  return {
    measure: async (load) => (await ask({ kind: 'measure', load })) as LoadFigures,
    preload: async (preload) => (await ask({ kind: 'preload', options: preload })) as number,
    async startProfile() {
      await ask({ kind: 'start-profile' });
    },
    async stopProfile(path) {
      await ask({ kind: 'stop-profile', path });
    },
    async close() {
      await ask({ kind: 'close' }).catch(() => undefined);
      if (child.connected) child.disconnect();
      await exit;
    },
  };
}
