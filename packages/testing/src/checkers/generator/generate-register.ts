import { createSeededRandom, type SeededRandom } from '../../seeded-random.js';
import type { Operation, ReadAnswer, WriteOperation } from '../history.js';

export interface RegisterOptions {
  readonly seed: number;
  readonly operations: number;
  /** Reads that found nothing and do not tell why. Default false. */
  readonly untold?: boolean;
}

const key = 'register';

/** A short history of one register, as likely right as wrong: any operations, times and answers. */
export function generateRegister(options: RegisterOptions): Operation[] {
  const random = createSeededRandom(options.seed);
  const momentsMax = random.pick([4, 8, 16]);
  const writes: WriteOperation[] = [];
  const count = 1 + random.below(Math.max(1, options.operations - 1));
  for (let id = 0; id < count; id += 1) writes.push(randomWrite(random, { id, momentsMax }));
  const operations: Operation[] = [...writes];
  for (let id = count; id < options.operations; id += 1) {
    const answer = randomAnswer(random, { writes, untold: options.untold === true });
    operations.push({ ...common(random, { id, momentsMax }), kind: 'get', answer });
  }
  return operations;
}

interface Bounds {
  readonly id: number;
  readonly momentsMax: number;
}

function common(random: SeededRandom, { id, momentsMax }: Bounds) {
  const beganMs = random.below(momentsMax);
  const endedMs = beganMs + random.below(momentsMax);
  return { id, client: id, key, level: 'linearizable' as const, beganMs, endedMs };
}

function randomWrite(random: SeededRandom, bounds: Bounds): WriteOperation {
  const { id } = bounds;
  const outcome = random.pick(['ok', 'ok', 'ok', 'unknown'] as const);
  const isDelete = random.below(4) === 0;
  const version = { timestamp: 100 + id, node: 1 };
  return {
    ...common(random, bounds),
    kind: isDelete ? 'delete' : 'put',
    value: isDelete ? undefined : `value-${id}`,
    expires: !isDelete && random.below(4) === 0,
    stamps: [{ version, disowned: false }],
    outcome,
    version: outcome === 'ok' ? version : undefined,
    previous: { kind: 'not-asked' },
  };
}

function randomAnswer(
  random: SeededRandom,
  { writes, untold }: { writes: readonly WriteOperation[]; untold: boolean },
): ReadAnswer {
  if (random.below(6) === 0) return { kind: untold && random.below(2) === 0 ? 'untold' : 'nothing' };
  const { value, expires, stamps } = random.pick(writes);
  const { version } = stamps[0]!;
  if (value === undefined || (expires && random.below(2) === 0)) return { kind: 'hidden', version };
  return { kind: 'value', value, version };
}
