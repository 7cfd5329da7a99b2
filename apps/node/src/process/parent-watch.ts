import { fstatSync } from 'node:fs';

/** Set by a parent whose children must not outlive it, however it ends. */
export const parentWatchVariable = 'KV_EXIT_WITH_PARENT';

/**
 * Calls back once the parent is gone: its end of the IPC channel closed, or, without such a channel, its end of the pipe
 * at our standard input. Anything else at standard input, such as /dev/null, tells nothing about a parent.
 */
export function watchParent(process: NodeJS.Process, onGone: () => void): void {
  if (process.env[parentWatchVariable] !== '1') return;
  if (process.send !== undefined) {
    if (process.connected) process.once('disconnect', onGone);
    else onGone();
    return;
  }
  if (!standardInputIsPipe()) return;
  process.stdin.once('end', onGone).once('close', onGone).once('error', onGone).resume();
}

function standardInputIsPipe(): boolean {
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isSocket();
  } catch {
    return false; // Closed from the start.
  }
}
