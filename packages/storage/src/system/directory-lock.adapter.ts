import { randomBytes, randomInt } from 'node:crypto';
import { link, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { KvError } from '@kv/errors';

import { fileErrorCode } from './file-errors.js';
import type { DirectoryLock } from '../ports.js';
import { identityOf, type ProcessIdentity } from './process-identity.adapter.js';

/**
 * One process per directory, without flock(2), which Node does not have.
 *
 * The owner is recorded in `LOCK`, with the start time of its process, so that neither its death nor the later use of its
 * process id by another blocks anybody. What is hard is to remove the `LOCK` of a dead owner: of two processes that found
 * it dead, the slower might remove the lock that the faster has just taken. So whoever wants the lock first announces
 * itself with a file of its own, `LOCK.<pid>.<random>`, and then looks who else did. If another live process did, it
 * withdraws and tries again after a random while. Of two that announce themselves at the same time, at least one sees the
 * other, so never more than one is past this point; only there may a dead owner's `LOCK` be removed, and `LOCK` be made.
 *
 * It does not hold between machines, or containers with process ids of their own, that share a directory.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const self = await identityOf(process.pid);
  const owner: Owner = {
    pid: process.pid,
    startedAt: self?.startedAt ?? '',
    token: randomBytes(8).toString('hex'),
  };
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    if (await tryLock(directory, owner)) return { release: () => release(directory, owner) };
    await sleep(randomInt(1, 40));
  }
  throw locked(directory, 'other processes that are opening it');
}

interface Owner extends ProcessIdentity {
  /** Tells two locks of one process apart. */
  readonly token: string;
}

const lockName = 'LOCK';
const attemptsMax = 200;

/** @returns false if others are trying, too */
async function tryLock(directory: string, owner: Owner): Promise<boolean> {
  const announcement = join(directory, `${lockName}.${owner.pid}.${owner.token}`);
  await writeDurably(announcement, JSON.stringify(owner));
  try {
    if (await othersAnnounced(directory, owner)) return false;
    const path = join(directory, lockName);
    const present = await readOwner(path);
    if (present !== undefined) {
      if (await lives(present)) throw locked(directory, `process ${present.pid}`);
      await unlink(path);
    }
    // With the announcement's content, which is on the disk: a LOCK is never half written.
    await link(announcement, path);
    return true;
  } finally {
    await unlink(announcement).catch(() => undefined);
  }
}

async function othersAnnounced(directory: string, owner: Owner): Promise<boolean> {
  for (const name of await readdir(directory)) {
    const match = /^LOCK\.(\d+)\.([0-9a-f]{16})$/.exec(name);
    if (match === null || match[2] === owner.token) continue;
    const path = join(directory, name);
    const other = await readOwner(path).catch(() => null);
    if (other === undefined) continue;
    // One whose content cannot be read is being written, or was when its process died: its name says whose it is.
    const alive = other === null ? (await identityOf(Number(match[1]))) !== undefined : await lives(other);
    if (alive) return true;
    await unlink(path).catch(() => undefined);
  }
  return false;
}

/** @returns undefined if there is no such file */
async function readOwner(path: string): Promise<Owner | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (fileErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const owner = parseOwner(text);
  if (owner !== undefined) return owner;
  throw new KvError(
    'corrupt',
    isRestOfOurs(text)
      ? `${path} is damaged and does not say which process has the directory: remove it if none has`
      : `${path} is not a lock of this store: the directory belongs to another program`,
  );
}

/** Empty, or cut short. */
function isRestOfOurs(text: string): boolean {
  const begin = '{"pid":';
  return text.startsWith(begin) || begin.startsWith(text.replaceAll('\0', ''));
}

function parseOwner(text: string): Owner | undefined {
  try {
    const owner = JSON.parse(text) as Partial<Owner> | null;
    const { pid, startedAt, token } = owner ?? {};
    if (!Number.isSafeInteger(pid) || typeof startedAt !== 'string' || typeof token !== 'string')
      return undefined;
    return { pid: pid!, startedAt, token };
  } catch {
    return undefined;
  }
}

async function lives(owner: Owner): Promise<boolean> {
  return (await identityOf(owner.pid))?.startedAt === owner.startedAt;
}

async function release(directory: string, owner: Owner): Promise<void> {
  const path = join(directory, lockName);
  const present = await readOwner(path).catch(() => undefined);
  if (present?.token === owner.token) await unlink(path).catch(() => undefined);
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

function locked(directory: string, by: string): KvError {
  return new KvError('unavailable', `${directory} is in use by ${by}`);
}
