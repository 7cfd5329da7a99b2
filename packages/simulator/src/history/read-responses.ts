import {
  ConsistencyLevel,
  type GetRequest,
  type GetResponse,
  type ReplicaReadRequest,
  type ReplicaReadResponse,
} from '@kv/proto';
import type { Level, ReadAnswer } from '@kv/testing/checkers';

/** Of reads that a client may coordinate. */
const coordinatedLevels = [ConsistencyLevel.QUORUM, ConsistencyLevel.LINEARIZABLE];

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
  readonly #waiting = new Map<string, Set<Heard>>();

  begin(key: string, level: Level): BegunRead {
    const name = nameOf(key, levels[level]);
    const heard: Heard = { responses: [], shown: [] };
    const waiting = this.#waiting.get(name) ?? new Set();
    this.#waiting.set(name, waiting.add(heard));
    return {
      notFound: () => answerOf([...heard.responses, ...heard.shown].filter(({ found }) => !found)),
      end: () => void waiting.delete(heard),
    };
  }

  arrived({ key, consistency }: GetRequest, response: GetResponse): void {
    const waiting = this.#waitingFor(key, consistency);
    for (const heard of waiting) {
      // What single owners showed to the only read there is came to nothing, or a node would not have been asked.
      if (waiting.size === 1) heard.shown = [];
      heard.responses.push(response);
    }
  }

  /** By a single owner, to a read that the client coordinates. */
  shown({ key, omitValue }: ReplicaReadRequest, { identity, tombstone, version }: ReplicaReadResponse): void {
    // The other of the two tells the version.
    if (omitValue) return;
    const found = identity.length > 0 && !tombstone;
    for (const level of coordinatedLevels) {
      for (const heard of this.#waitingFor(key, level)) heard.shown.push({ found, version });
    }
  }

  #waitingFor(key: Buffer, level: ConsistencyLevel): ReadonlySet<Heard> {
    return this.#waiting.get(nameOf(key.toString('latin1'), level)) ?? none;
  }
}

type Response = Pick<GetResponse, 'found' | 'version'>;

interface Heard {
  readonly responses: Response[];
  /** By single owners. */
  shown: Response[];
}

const none: ReadonlySet<Heard> = new Set();

function nameOf(key: string, level: ConsistencyLevel): string {
  return `${level}/${key}`;
}

function answerOf(responses: readonly Response[]): ReadAnswer {
  const [first, ...others] = responses.map(({ version }) => version);
  if (responses.length === 0 || others.some((other) => !isSameVersion(first, other)))
    return { kind: 'untold' };
  return first === undefined ? { kind: 'nothing' } : { kind: 'hidden', version: first };
}

export function isSameVersion(a: Response['version'], b: Response['version']): boolean {
  return a?.timestamp === b?.timestamp && a?.node === b?.node;
}
