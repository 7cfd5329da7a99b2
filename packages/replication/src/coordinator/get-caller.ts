import type { Caller } from './caller.js';
import type { ReadResult } from '../cores/read-core.js';
import type { GetResult } from './requests.js';
import { serverTime, type Shell } from './shell.js';

/** Says of a read's result what a client wants to know. */
export class GetCaller implements Caller<ReadResult> {
  readonly #shell: Shell;
  readonly #caller: Caller<GetResult>;

  constructor(shell: Shell, caller: Caller<GetResult>) {
    this.#shell = shell;
    this.#caller = caller;
  }

  resolve(result: ReadResult): void {
    const time = serverTime(this.#shell);
    if (result.kind === 'not-found') {
      this.#caller.resolve({ serverTime: time, found: false, version: result.version });
      return;
    }
    const { value, version, expiresAtMs } = result.record;
    this.#caller.resolve({ serverTime: time, found: true, value, version, expiresAtMs });
  }

  reject(error: unknown): void {
    this.#caller.reject(error);
  }
}
