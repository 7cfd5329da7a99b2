/**
 * A key as a register: each write that took effect, with the reads that saw it, is one *cluster*.
 *
 * The zone algorithm needs written values to be unique, and deletes all write the same: nothing. But "not found" tells the
 * version that hides the key, so a delete is a write of a unique nothing, and the reads hidden by it are its reads. A key
 * that nobody knew shows the initial state, which is a cluster of its own, written before everything.
 *
 * An expiring put becomes a second, unasked write of nothing at a moment that nobody told. It takes effect only on the
 * value itself, so no other write may lie between: value, reads of it, expiry and hidden reads are one contiguous stretch
 * of the order, hence one cluster, with one rule inside it: no read sees the value after one that had ended saw it hidden.
 *
 * A write of unknown outcome takes effect at any moment after it began, or never: with reads it is a cluster without an
 * end of its own, without reads it is left out. Failed reads, reads at ONE and writes answered `not applied` are left out.
 * A read that found nothing and does not tell why (`untold`) may belong to several clusters. It is left out, too, but is
 * kept for one certain conclusion: see `zones.ts`.
 */
import type { ReadOperation, WriteOperation } from './history.js';
import { hides, isStrong, type KeyHistory } from './key-history.js';

export interface Cluster {
  /** Undefined = the initial state. */
  readonly write: WriteOperation | undefined;
  /** When the first of its operations ended, and which that is. */
  firstEndedMs: number;
  firstEnded: WriteOperation | ReadOperation | undefined;
  /** When the last of its operations began, and which that is. */
  lastBeganMs: number;
  lastBegan: WriteOperation | ReadOperation | undefined;
  reads: number;
}

export interface RegisterClusters {
  readonly clusters: readonly Cluster[];
  readonly untold: readonly ReadOperation[];
  /** Contradictions within a cluster. */
  readonly contradictions: readonly Contradiction[];
}

export interface Contradiction {
  readonly why: 'read-before-write' | 'alive-after-expiry' | 'never-written';
  readonly operations: readonly (WriteOperation | ReadOperation)[];
}

interface Building extends Cluster {
  hiddenFirst: ReadOperation | undefined;
  aliveLast: ReadOperation | undefined;
}

export function registerClusters(key: KeyHistory, { purges }: { purges: boolean }): RegisterClusters {
  const initial = cluster(undefined);
  const byWrite = key.writes.map((write) =>
    write.outcome !== 'not-applied' && isStrong(write) ? cluster(write) : undefined,
  );
  const untold: ReadOperation[] = [];
  const contradictions: Contradiction[] = [];
  for (let index = 0; index < key.reads.length; index += 1) {
    const read = key.reads[index]!;
    if (!isStrong(read)) continue;
    const kind = read.answer?.kind;
    if (kind === 'untold' || (kind === 'nothing' && purges)) {
      untold.push(read);
      continue;
    }
    const found = kind === 'nothing' ? initial : byWrite[writeSeenBy(key, index)];
    if (found === undefined) contradictions.push({ why: 'never-written', operations: [read] });
    else add(found, read);
  }
  const clusters: Cluster[] = initial.reads > 0 ? [initial] : [];
  for (const each of byWrite) {
    if (each === undefined || (each.write!.outcome !== 'ok' && each.reads === 0)) continue;
    clusters.push(each);
    contradictionsIn(each, contradictions);
  }
  return { clusters, untold, contradictions };
}

/** By its value if the read returned one, else by the version that hid the key. */
function writeSeenBy(key: KeyHistory, index: number): number {
  if (key.reads[index]!.answer?.kind === 'value') return key.valuesRead[index]!;
  const write = key.versionsRead[index]!;
  return write >= 0 && hides(key.writes[write]!) ? write : -1;
}

function cluster(write: WriteOperation | undefined): Building {
  const endedMs = write === undefined ? -Infinity : write.outcome === 'ok' ? write.endedMs : Infinity;
  return {
    write,
    firstEndedMs: endedMs,
    firstEnded: write,
    lastBeganMs: write?.beganMs ?? -Infinity,
    lastBegan: write,
    reads: 0,
    hiddenFirst: undefined,
    aliveLast: undefined,
  };
}

function add(cluster: Building, read: ReadOperation): void {
  cluster.reads += 1;
  if (read.endedMs < cluster.firstEndedMs) {
    cluster.firstEndedMs = read.endedMs;
    cluster.firstEnded = read;
  }
  if (read.beganMs > cluster.lastBeganMs) {
    cluster.lastBeganMs = read.beganMs;
    cluster.lastBegan = read;
  }
  if (read.answer?.kind === 'value') cluster.aliveLast = read;
  else if (cluster.hiddenFirst === undefined || read.endedMs < cluster.hiddenFirst.endedMs) {
    cluster.hiddenFirst = read;
  }
}

function contradictionsIn(cluster: Building, found: Contradiction[]): void {
  const { write, firstEnded, firstEndedMs, hiddenFirst, aliveLast } = cluster;
  if (write === undefined || firstEnded === undefined) return;
  if (firstEndedMs < write.beganMs) {
    found.push({ why: 'read-before-write', operations: [write, firstEnded] });
  }
  if (hiddenFirst !== undefined && aliveLast !== undefined && hiddenFirst.endedMs < aliveLast.beganMs) {
    found.push({ why: 'alive-after-expiry', operations: [write, hiddenFirst, aliveLast] });
  }
}
