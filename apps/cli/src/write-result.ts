import { unknown, type WriteResult } from '@kv/client';

import { base64Of, printable } from './bytes.js';
import type { CommandContext } from './command.js';
import { bytesField } from './record-line.js';

export interface WriteResultOptions {
  readonly previous?: boolean;
  readonly base64?: boolean;
}

/** Whether a write has to ask for the previous value. */
export function wantsPrevious({ options, global }: CommandContext<WriteResultOptions>): boolean {
  return options.previous === true || global.json;
}

/** The version, and where it was asked for what was there before. */
export async function printWriteResult(
  { version, previous }: WriteResult<Uint8Array>,
  { out, options, global }: CommandContext<WriteResultOptions>,
): Promise<void> {
  if (global.json) {
    const state = previous === unknown ? 'unknown' : previous === undefined ? 'none' : 'value';
    const value = previous instanceof Uint8Array ? bytesField('previousValue', previous) : {};
    await out.line(JSON.stringify({ version, previous: state, ...value }));
    return;
  }
  await out.line(`${version.timestamp}-${version.node}`);
  if (options.previous !== true) return;
  if (previous === unknown) await out.line('previous unknown');
  else if (previous === undefined) await out.line('previous none');
  else
    await out.line(`previous value: ${options.base64 === true ? base64Of(previous) : printable(previous)}`);
}
