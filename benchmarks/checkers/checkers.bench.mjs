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
    const common = {
      id: at,
      client: at % 16,
      key,
      level,
      beganMs: at - random() * 8,
      endedMs: at + random() * 8,
    };
    if (random() < 0.5) {
      operations.push({ ...common, kind: 'get', answer: newest });
      continue;
    }
    const isDelete = random() < 0.1;
    const version = { timestamp: 2 ** 44 + at * 4_096, node: 65_537 + (at % 3) };
    const value = isDelete ? undefined : `value-${at}`;
    const isUnknown = random() < 0.02;
    const previous =
      newest.kind === 'value' ? { kind: 'value', value: newest.value, version: undefined } : { kind: 'none' };
    operations.push({
      ...common,
      ...{ kind: isDelete ? 'delete' : 'put', value, expires: false },
      ...{ stamps: [{ version, disowned: false }], outcome: isUnknown ? 'unknown' : 'ok' },
      ...{ version: isUnknown ? undefined : version, previous },
    });
    appended.push({ key, version });
    acknowledgements.push({ operation: at, holders: 2, required: 2 });
    newest = isDelete ? { kind: 'hidden', version } : { kind: 'value', value, version };
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
