import { KeyArena } from './key-arena.js';
import { OrderedKeys } from './ordered-keys.js';
import { keyAt } from './record-words.js';
import { wordOf } from './segment.js';
import type { KeyObserver } from './key-observers.js';
import type { SegmentedMemory } from './segmented-memory.js';
import { sortKeys } from './sort-keys.js';

/**
 * The keys of a range of hashes in the order of their bytes: made when somebody asks first, in slices, and kept up to date
 * from then on. Stores that never scan pay nothing; one that stops scanning stops paying after as many changes as it has keys.
 *
 * Made so: keys are copied and sorted in runs of some thousands; the runs are merged; and what came and went meanwhile is
 * done again.
 */
export class KeyOrder implements KeyObserver {
  readonly #memory: SegmentedMemory;
  /** Both inclusive. */
  readonly #hashes: { readonly first: number; readonly last: number };
  readonly #arena = new KeyArena();
  readonly #keys = new OrderedKeys(this.#arena);
  #state: 'collecting' | 'merging' | 'catching up' | 'ready' = 'collecting';
  #nextHash: number;
  readonly #runs: Run[] = [];
  /** Keys that came or went since the start, in order; only until it is ready. */
  #missed: Missed[] = [];
  #changesUnused = 0;

  constructor(memory: SegmentedMemory, hashes: { readonly first: number; readonly last: number }) {
    this.#memory = memory;
    this.#hashes = hashes;
    this.#nextHash = hashes.first;
  }

  get bytes(): number {
    return this.#keys.bytes;
  }

  /** More changed than it is worth, without anybody looking at it. */
  get forsaken(): boolean {
    return this.#changesUnused > changesUnusedMin && this.#changesUnused > this.#keys.size;
  }

  /** One slice of work. @returns whether it is ready */
  prepare(): boolean {
    switch (this.#state) {
      case 'collecting':
        this.#collect();
        return false;
      case 'merging':
        this.#merge();
        return false;
      case 'catching up':
        this.#catchUp();
        return false;
      case 'ready':
        return true;
    }
  }

  /** Ready for use, whatever that takes. */
  keys(): OrderedKeys {
    while (!this.prepare());
    this.#changesUnused = 0;
    return this.#keys;
  }

  changed(previous: number, next: number): void {
    if (previous !== 0 && next !== 0) return;
    const location = next === 0 ? previous : next;
    const key = keyAt(this.#memory.wordsAt(location), wordOf(location));
    if (this.#state !== 'ready') {
      this.#missed.push({ key: key.slice(), came: next !== 0 });
      return;
    }
    this.#changesUnused += 1;
    if (next === 0) this.#keys.delete(key);
    else this.#keys.insert(key);
  }

  #collect(): void {
    const { index } = this.#memory;
    const refs: number[] = [];
    let hash = this.#nextHash;
    for (const { words } of index.tablesFrom(hash)) {
      for (let word = 0; word < words.length; word += 2) {
        if (words[word + 1] === 0 || words[word]! >>> 0 < this.#nextHash) continue;
        // Never between two keys of one hash.
        if (words[word]! >>> 0 !== hash && refs.length >= runKeys) {
          this.#nextHash = words[word]! >>> 0;
          if (this.#nextHash > this.#hashes.last) this.#collected(refs);
          else this.#addRun(refs);
          return;
        }
        hash = words[word]! >>> 0;
        if (hash > this.#hashes.last) {
          this.#collected(refs);
          return;
        }
        const location = words[word + 1]!;
        refs.push(this.#arena.add(keyAt(this.#memory.wordsAt(location), wordOf(location))));
      }
    }
    this.#collected(refs);
  }

  #addRun(refs: readonly number[]): void {
    if (refs.length === 0) return;
    const run = Uint32Array.from(refs);
    sortKeys(this.#arena, run);
    this.#runs.push({ refs: run, at: 0 });
  }

  #collected(refs: readonly number[]): void {
    this.#addRun(refs);
    for (let at = (this.#runs.length >>> 1) - 1; at >= 0; at -= 1) this.#sift(at);
    this.#state = 'merging';
  }

  /** The runs are a heap by their next key: the least is at the top. */
  #merge(): void {
    for (let count = 0; count < mergedAtOnce; count += 1) {
      const run = this.#runs[0];
      if (run === undefined) {
        this.#state = 'catching up';
        return;
      }
      this.#keys.push(run.refs[run.at]!);
      run.at += 1;
      if (run.at === run.refs.length) {
        const last = this.#runs.pop()!;
        if (last === run) continue;
        this.#runs[0] = last;
      }
      this.#sift(0);
    }
  }

  #sift(at: number): void {
    const runs = this.#runs;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= runs.length) return;
      const least = left + 1 < runs.length && this.#isBelow(runs[left + 1]!, runs[left]!) ? left + 1 : left;
      if (!this.#isBelow(runs[least]!, runs[at]!)) return;
      [runs[at], runs[least]] = [runs[least]!, runs[at]!];
      at = least;
    }
  }

  #isBelow(a: Run, b: Run): boolean {
    return this.#arena.compare(a.refs[a.at]!, this.#arena.get(b.refs[b.at]!)) < 0;
  }

  #catchUp(): void {
    for (const { key, came } of this.#missed.splice(0, caughtUpAtOnce)) {
      if (came) this.#keys.insert(key);
      else this.#keys.delete(key);
    }
    if (this.#missed.length === 0) this.#state = 'ready';
  }
}

interface Run {
  readonly refs: Uint32Array;
  /** Of the next key to merge. */
  at: number;
}

interface Missed {
  readonly key: Uint8Array;
  readonly came: boolean;
}

/** Slices of some milliseconds. */
const runKeys = 4096;
const mergedAtOnce = 4096;
const caughtUpAtOnce = 1024;

/** Below it, keeping an order that nobody uses is no matter. */
const changesUnusedMin = 10_000;
