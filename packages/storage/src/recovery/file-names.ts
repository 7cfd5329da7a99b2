/** Names of the files in a data directory. Digits are padded so that a listing shows them in order. */

export const manifestName = 'MANIFEST';
export const temporarySuffix = '.tmp';

const digits = 10;

export function logName(sequence: number): string {
  return `log-${String(sequence).padStart(digits, '0')}.kv`;
}

export function snapshotName(sequence: number): string {
  return `snapshot-${String(sequence).padStart(digits, '0')}.kv`;
}

export function joinPath(directory: string, name: string): string {
  return `${directory}/${name}`;
}

export type DataFile =
  | { readonly kind: 'log' | 'snapshot'; readonly sequence: number }
  /** Left by a crash in the middle of making a file. */
  | { readonly kind: 'temporary' };

/** Which of our files a name is; undefined for anybody else's. */
export function dataFileOf(name: string): DataFile | undefined {
  const match = /^(log|snapshot)-(\d{10,15})\.kv(\.tmp)?$/.exec(name);
  if (match === null) return name === manifestName + temporarySuffix ? { kind: 'temporary' } : undefined;
  if (match[3] !== undefined) return { kind: 'temporary' };
  return { kind: match[1] === 'log' ? 'log' : 'snapshot', sequence: Number(match[2]) };
}
