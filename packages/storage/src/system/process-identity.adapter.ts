import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/**
 * A process beyond doubt: its id may be given to another one after its death, but not with the same start time.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Linux: boot id and start in clock ticks since boot. Elsewhere: what `ps` says. Empty if it cannot be told. */
  readonly startedAt: string;
}

const run = promisify(execFile);

/** @returns undefined if no such process lives; one that is dead but not yet reaped by its parent does not */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  switch (process.platform) {
    case 'linux':
      return linuxIdentity(pid);
    case 'win32':
      return isAlive(pid) ? { pid, startedAt: '' } : undefined;
    default:
      return portableIdentity(pid);
  }
}

async function linuxIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  try {
    const [stat, bootId] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => ''),
    ]);
    // The command, in parentheses, may itself hold spaces and parentheses: fields count from behind the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    return { pid, startedAt: `${bootId.trim()} ${fields[19] ?? ''}` };
  } catch {
    return undefined;
  }
}

async function portableIdentity(pid: number): Promise<ProcessIdentity | undefined> {
  if (!isAlive(pid)) return undefined;
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], {
      env: { LC_ALL: 'C', TZ: 'UTC' },
    });
    return { pid, startedAt: stdout.trim() };
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: unknown }).code === 'EPERM';
  }
}
