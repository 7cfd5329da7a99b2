/**
 * A read at level ONE: one replica after the other until one replies (rule 23). Fast, and neither ordered nor visible to
 * others until repair has spread what it shows.
 */
import { physicalMs, type Timestamp } from '@kv/hlc';
import { isExpired } from '@kv/storage';

import type { ReadEffect } from './read-core.js';
import type { HeadAnswer, ReadAnswer } from '../replica/channel.js';
import { judgeReadFailure, type ReadFailure } from './read-failure.js';

export interface ReadOneCoreOptions {
  /** Member numbers in the order in which they are asked: the coordinator's own first, if it is one. */
  readonly owners: readonly number[];
  readonly at: Timestamp;
}

export type ReadOneInput =
  | { readonly kind: 'start' }
  | { readonly kind: 'answer'; readonly from: number; readonly answer: ReadAnswer | HeadAnswer }
  /** Who was asked last is thought to hang: ask the next one too. */
  | { readonly kind: 'impatient' }
  | { readonly kind: 'deadline' }
  | { readonly kind: 'client-gone' };

export type ReadOneEffect = Extract<ReadEffect, { kind: 'query' | 'answered' | 'failed' }>;

export interface ReadOneCore {
  step(input: ReadOneInput): readonly ReadOneEffect[];
}

export function createReadOneCore(options: ReadOneCoreOptions): ReadOneCore {
  return new ReadOne(options);
}

const nothing: readonly ReadOneEffect[] = [];

class ReadOne implements ReadOneCore {
  readonly #options: ReadOneCoreOptions;
  readonly #answers = new Map<number, ReadAnswer>();
  #asked = 0;
  #concluded = false;

  constructor(options: ReadOneCoreOptions) {
    this.#options = options;
  }

  step(input: ReadOneInput): readonly ReadOneEffect[] {
    if (this.#concluded) return nothing;
    switch (input.kind) {
      case 'start':
        return this.#options.owners.length === 0 ? this.#fail('no-quorum') : this.#askNext();
      case 'impatient':
        return this.#askNext();
      case 'answer':
        return this.#onAnswer(input.from, input.answer);
      case 'deadline':
      case 'client-gone':
        return this.#fail(input.kind);
    }
  }

  #askNext(): readonly ReadOneEffect[] {
    const member = this.#options.owners[this.#asked];
    if (member === undefined) return nothing;
    this.#asked += 1;
    return [{ kind: 'query', round: 1, at: this.#options.at, to: [member], valueFrom: undefined }];
  }

  #onAnswer(from: number, answer: ReadAnswer | HeadAnswer): readonly ReadOneEffect[] {
    // A head answers what was never asked here.
    if (this.#answers.has(from) || answer.kind === 'head') return nothing;
    this.#answers.set(from, answer);
    switch (answer.kind) {
      case 'found': {
        const { record } = answer;
        const atMs = Math.max(physicalMs(this.#options.at), physicalMs(answer.hlcTime));
        const live = !record.tombstone && !isExpired(record, atMs);
        this.#concluded = true;
        return [
          {
            kind: 'answered',
            result: live ? { kind: 'found', record } : { kind: 'not-found', version: record.version },
          },
        ];
      }
      case 'absent':
        this.#concluded = true;
        return [{ kind: 'answered', result: { kind: 'not-found', version: undefined } }];
      case 'refused':
      case 'unreachable':
        if (this.#answers.size === this.#options.owners.length) return this.#fail('no-quorum');
        return this.#askNext();
    }
  }

  #fail(why: ReadFailure['why']): readonly ReadOneEffect[] {
    this.#concluded = true;
    const answers = [...this.#answers.values()];
    const owners = this.#options.owners.length;
    const failure = judgeReadFailure({ why, owners, required: 1, received: 0, answers });
    return [{ kind: 'failed', failure }];
  }
}
