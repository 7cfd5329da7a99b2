import { KvError } from '@kv/errors';

/** The operating system's code of a file error, if it has one. Not by `instanceof`, which fails between realms. */
export function fileErrorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** The operating system refused, in whatever way. */
export function isSystemError(error: unknown): boolean {
  return /^E[A-Z0-9]+$/.test(fileErrorCode(error) ?? '');
}

/** There is no room for the bytes; there may be later. */
export function isDiskFull(error: unknown): boolean {
  const code = fileErrorCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export function isMissing(error: unknown): boolean {
  return fileErrorCode(error) === 'ENOENT';
}

/** Turns a failure of the file system into one that says what was being done, and to which path. */
export function toFileError(error: unknown, doing: string): KvError {
  const message = error instanceof Error || hasMessage(error) ? error.message : String(error);
  switch (fileErrorCode(error)) {
    case 'KV_LOCKED':
      return new KvError('unavailable', message, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new KvError('invalid-argument', `${doing}: permission denied`, { cause: error });
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EISDIR':
    case 'ENOENT':
      return new KvError('invalid-argument', `${doing}: ${message}`, { cause: error });
    case 'ENOSPC':
    case 'EDQUOT':
      return new KvError('disk-full', `${doing}: the disk is full`, { cause: error });
    default:
      return new KvError('internal', `${doing}: ${message}`, { cause: error });
  }
}

function hasMessage(error: unknown): error is { message: string } {
  return (
    typeof error === 'object' &&
    error !== null &&
    typeof (error as { message?: unknown }).message === 'string'
  );
}
