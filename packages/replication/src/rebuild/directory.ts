/** One data directory of a member, as it shows itself and as its peers remember it (rule 15). */
export interface Directory {
  readonly member: number;
  /** 1 for the first; one more after each loss. */
  readonly incarnation: number;
  /** Drawn at random when the directory was made; empty where only the incarnation is known. */
  readonly id: string;
  /** Of the newest durable batch in its log; never falls within one incarnation. */
  readonly logSequence: number;
}

/**
 * Whether a directory may be what its member goes on with. `outdated`: its peers remember a newer incarnation (somebody
 * put an old disk back), another directory (the disk was wiped), or a longer log (a copy was restored).
 */
export type DirectoryVerdict = 'accepted' | 'outdated';

export function judgeDirectory(shown: Directory, remembered: Directory | undefined): DirectoryVerdict {
  if (remembered === undefined || shown.incarnation > remembered.incarnation) return 'accepted';
  if (shown.incarnation < remembered.incarnation) return 'outdated';
  if (remembered.id !== '' && shown.id !== remembered.id) return 'outdated';
  return shown.logSequence < remembered.logSequence ? 'outdated' : 'accepted';
}

/** What is known from two sources: a memory only ever grows. */
export function newerDirectory(a: Directory, b: Directory): Directory {
  if (a.incarnation !== b.incarnation) return a.incarnation > b.incarnation ? a : b;
  const id = a.id === '' ? b.id : a.id;
  if (b.id !== id && b.id !== '') return a;
  return { ...a, id, logSequence: Math.max(a.logSequence, b.logSequence) };
}
