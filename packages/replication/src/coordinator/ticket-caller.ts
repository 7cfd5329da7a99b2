import type { Version } from '@kv/hlc';

import type { Caller } from './caller.js';
import type { TicketResult } from './requests.js';
import { serverTime, type Shell } from './shell.js';

/** Says with a ticket what time it is. */
export class TicketCaller implements Caller<Version> {
  readonly #shell: Shell;
  readonly #caller: Caller<TicketResult>;

  constructor(shell: Shell, caller: Caller<TicketResult>) {
    this.#shell = shell;
    this.#caller = caller;
  }

  resolve(ticket: Version): void {
    this.#caller.resolve({ ticket, serverTime: serverTime(this.#shell) });
  }

  reject(error: unknown): void {
    this.#caller.reject(error);
  }
}
