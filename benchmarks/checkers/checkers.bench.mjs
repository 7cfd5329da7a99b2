// Cost of judging a history by all checkers: a million operations on one key, sixteen at a time, half of them writes.
// Run: node benchmarks/checkers/checkers.bench.mjs [operations]. Prints JSON; the goal is 5 s for a million.
import { check } from '@kv/testing/checkers';

const count = Number(process.argv[2] ?? 1_000_000);
const key = 'key';

/** Cheap, and the same for everybody. */
function createRandom() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Each operation takes effect at its number; it began some before and ended some after that. */
function makeHistory(level) {
  const random = createRandom();
  const operations = [];
  const acknowledgements = [];
  const appended = [];
  let newest = { kind: 'nothing' };
  for (let at = 0; at < count; at += 1) {
    const beganMs = at - random() * 8;
    const endedMs = at + random() * 8;
    const client = at % 16;
    if (random() < 0.5) {
      operations.push({ id: at, client, key, level, beganMs, endedMs, kind: 'get', answer: newest });
      continue;
    }
    const isDelete = random() < 0.1;
    const isUnknown = random() < 0.02;
    const stamp = { timestamp: 2 ** 44 + at * 4_096, node: 65_537 + (at % 3) };
    const value = isDelete ? undefined : `value-${at}`;
    const previous =
      newest.kind === 'value' ? { kind: 'value', value: newest.value, version: undefined } : { kind: 'none' };
    operations.push({
      id: at,
      client,
      key,
      level,
      beganMs,
      endedMs,
      kind: isDelete ? 'delete' : 'put',
      value,
      expires: false,
      stamps: [{ version: stamp, disowned: false }],
      outcome: isUnknown ? 'unknown' : 'ok',
      version: isUnknown ? undefined : stamp,
      previous,
    });
    appended.push({ key, version: stamp });
    acknowledgements.push({ operation: at, holders: 2, required: 2 });
    newest = isDelete ? { kind: 'hidden', version: stamp } : { kind: 'value', value, version: stamp };
  }
  operations.sort((a, b) => a.beganMs - b.beganMs);
  return { operations, evidence: { acknowledgements, appended } };
}

function measure(level) {
  const history = makeHistory(level);
  const began = performance.now();
  const { violations, figures } = check(history);
  const seconds = Math.round(performance.now() - began) / 1000;
  if (violations.length > 0) throw new Error(violations[0].message);
  if (figures.visible.judged < count / 3) throw new Error('hardly anything was judged');
  return seconds;
}

console.log(
  JSON.stringify({
    operations: count,
    quorumSeconds: measure('quorum'),
    linearizableSeconds: measure('linearizable'),
  }),
);
