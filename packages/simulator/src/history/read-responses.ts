import { ConsistencyLevel, type GetRequest, type GetResponse } from '@kv/proto';
import type { Level, ReadAnswer } from '@kv/testing/checkers';

/** A read that an application began. */
export interface BegunRead {
  /** The client told that there is nothing: why, as the response to it says. */
  notFound(): ReadAnswer;
  /** However it ended. */
  end(): void;
}

const levels: Readonly<Record<Level, ConsistencyLevel>> = {
  one: ConsistencyLevel.ONE,
  quorum: ConsistencyLevel.QUORUM,
  all: ConsistencyLevel.ALL,
  linearizable: ConsistencyLevel.LINEARIZABLE,
};

/**
 * What a client does not tell: which version hides a key that is not found. It stands in the response, and responses are
 * several at a time; so each belongs to a read by its key and level. Where reads of one key and level ran side by side and the
 * responses differ, nobody can say which one a read got: that is told as not known.
 */
export class ReadResponses {
  readonly #waiting = new Map<string, Set<GetResponse[]>>();

  begin(key: string, level: Level): BegunRead {
    const name = nameOf(key, levels[level]);
    const heard: GetResponse[] = [];
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting.add(heard));
    return {
      notFound: () => answerOf(heard.filter(({ found }) => !found)),
      end: () => void waiting.delete(heard),
    };
  }

  arrived({ key, consistency }: GetRequest, response: GetResponse): void {
    for (const heard of this.#waiting.get(nameOf(key.toString('latin1'), consistency)) ?? [])
      heard.push(response);
  }
}

function nameOf(key: string, level: ConsistencyLevel): string {
  return `${level}/${key}`;
}

function answerOf(responses: readonly GetResponse[]): ReadAnswer {
  const [first, ...others] = responses.map(({ version }) => version);
  if (responses.length === 0 || others.some((other) => !isSame(first, other))) return { kind: 'untold' };
  return first === undefined ? { kind: 'nothing' } : { kind: 'hidden', version: first };
}

function isSame(a: GetResponse['version'], b: GetResponse['version']): boolean {
  return a?.timestamp === b?.timestamp && a?.node === b?.node;
}
