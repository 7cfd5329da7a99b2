import { digestsPerQuestionMax } from '../limits.js';
import type { PartitionDigest, ReplyFacts } from '../replica/replica.js';
import type { Background } from './background.js';

/** One partition's digest at another member, with what the reply told beside it; undefined: no answer. */
export type GatheredDigest = { readonly digest: PartitionDigest; readonly facts: ReplyFacts } | undefined;

/** Questions for digests asked within one turn travel together: a node compares hundreds of partitions at a time. */
export interface DigestGatherer {
  /** Never rejects. */
  digest(member: number, partition: number): Promise<GatheredDigest>;
}

interface Question {
  readonly partition: number;
  readonly answer: (digest: GatheredDigest) => void;
}

export function createDigestGatherer(background: Background): DigestGatherer {
  const waiting = new Map<number, Question[]>();

  function flush(member: number): void {
    const questions = waiting.get(member) ?? [];
    waiting.delete(member);
    for (let first = 0; first < questions.length; first += digestsPerQuestionMax) {
      void ask(member, questions.slice(first, first + digestsPerQuestionMax));
    }
  }

  async function ask(member: number, questions: readonly Question[]): Promise<void> {
    const partitions = questions.map(({ partition }) => partition);
    const { timeoutMs } = background;
    const reply = await background
      .replica(member)
      ?.digest({ partitions, deadlineMs: timeoutMs })
      .catch(() => undefined);
    for (const [index, { answer }] of questions.entries()) {
      const digest = reply?.kind === 'digests' ? reply.digests[index] : undefined;
      answer(reply === undefined || digest === undefined ? undefined : { digest, facts: reply });
    }
  }

  return {
    digest: (member, partition) =>
      new Promise((answer) => {
        const questions = waiting.get(member);
        if (questions !== undefined) {
          questions.push({ partition, answer });
          return;
        }
        waiting.set(member, [{ partition, answer }]);
        background.timers.after(0, () => flush(member));
      }),
  };
}
